locals {
  vpc_id     = var.new_vpc == null ? var.existing_vpc.id : aws_vpc.proxy[0].id
  subnet_ids = var.new_vpc == null ? values(var.existing_vpc.subnet_ids) : [for zone in var.new_vpc.availability_zones : aws_subnet.private[zone].id]

  new_zones          = var.new_vpc == null ? [] : var.new_vpc.availability_zones
  subnet_bits        = ceil(log(max(length(local.new_zones), 1), 2))
  transit_gateway_id = try(var.new_vpc.transit_gateway_id, null)

  # Endpoints that the proxy needs without a route to the internet: ECR User Guide, vpc-endpoints.html.
  services = var.fargate == null ? ["secretsmanager"] : ["secretsmanager", "ecr.api", "ecr.dkr", "logs"]
  # Objects that the proxy reads from S3: on Fargate the image's layers (the same page, "Minimum Amazon S3 Bucket Permissions for Amazon
  # ECR"), on EC2 the package.
  s3_objects = var.fargate == null ? local.package_arns : ["arn:${local.partition}:s3:::prod-${local.region}-starport-layer-bucket/*"]
  # The addresses of Amazon S3, which differ in each Region.
  s3_prefix_list_ids = var.new_vpc == null ? compact([var.existing_vpc.s3_prefix_list_id]) : aws_vpc_endpoint.s3[*].prefix_list_id
}

# KMS Developer Guide, vpc-connectivity.html, step 1: two zones with a private subnet each, and neither a public subnet nor a NAT gateway.
resource "aws_vpc" "proxy" {
  count = var.new_vpc == null ? 0 : 1

  cidr_block           = var.new_vpc.cidr
  enable_dns_hostnames = true
  enable_dns_support   = true
  tags                 = { Name = var.name }
}

resource "aws_subnet" "private" {
  for_each = { for index, zone in local.new_zones : zone => index }

  vpc_id                  = aws_vpc.proxy[0].id
  cidr_block              = cidrsubnet(var.new_vpc.cidr, local.subnet_bits, each.value)
  availability_zone       = each.key
  map_public_ip_on_launch = false
  tags                    = { Name = "${var.name}-private-${each.key}" }
}

resource "aws_route_table" "private" {
  for_each = aws_subnet.private

  vpc_id = aws_vpc.proxy[0].id
  tags   = { Name = "${var.name}-private-${each.key}" }
}

resource "aws_route_table_association" "private" {
  for_each = aws_subnet.private

  subnet_id      = each.value.id
  route_table_id = aws_route_table.private[each.key].id
}

# The same page: the VPC must be connected to the external key manager.
resource "aws_ec2_transit_gateway_vpc_attachment" "hsm" {
  count = local.transit_gateway_id == null ? 0 : 1

  transit_gateway_id = local.transit_gateway_id
  vpc_id             = aws_vpc.proxy[0].id
  subnet_ids         = local.subnet_ids
  tags               = { Name = var.name }
}

resource "aws_route" "hsm" {
  for_each = {
    for pair in setproduct(local.new_zones, var.hsm_cidrs) : join(" ", pair) => { zone = pair[0], cidr = pair[1] }
    if local.transit_gateway_id != null
  }

  route_table_id         = aws_route_table.private[each.value.zone].id
  destination_cidr_block = each.value.cidr
  transit_gateway_id     = aws_ec2_transit_gateway_vpc_attachment.hsm[0].transit_gateway_id
}

resource "aws_security_group" "proxy" {
  name_prefix = "${var.name}-proxy-"
  description = "xks-proxy"
  vpc_id      = local.vpc_id

  lifecycle {
    create_before_destroy = true
  }
}

# To AWS services in a new VPC, only through its endpoints.
resource "aws_vpc_security_group_egress_rule" "endpoints" {
  count = var.new_vpc == null ? 0 : 1

  security_group_id            = aws_security_group.proxy.id
  description                  = "AWS services"
  referenced_security_group_id = aws_security_group.endpoints[0].id
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
}

# To AWS services in an existing VPC, whose routes decide which addresses they have.
resource "aws_vpc_security_group_egress_rule" "aws_services" {
  for_each = toset(try(var.existing_vpc.aws_service_cidrs, []))

  security_group_id = aws_security_group.proxy.id
  description       = "AWS services"
  cidr_ipv4         = each.value
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

# A gateway endpoint has no address of its own, so the rule names those of Amazon S3.
resource "aws_vpc_security_group_egress_rule" "s3" {
  count = length(local.s3_prefix_list_ids)

  security_group_id = aws_security_group.proxy.id
  description       = "Amazon S3"
  prefix_list_id    = local.s3_prefix_list_ids[count.index]
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_security_group_egress_rule" "hsm" {
  for_each = { for pair in setproduct(var.hsm_cidrs, var.hsm_ports) : join(" ", pair) => { cidr = pair[0], port = pair[1] } }

  security_group_id = aws_security_group.proxy.id
  description       = "HSM"
  cidr_ipv4         = each.value.cidr
  ip_protocol       = "tcp"
  from_port         = each.value.port
  to_port           = each.value.port
}

resource "aws_security_group" "endpoints" {
  count = var.new_vpc == null ? 0 : 1

  name_prefix = "${var.name}-endpoints-"
  description = "Endpoints of AWS services, for xks-proxy"
  vpc_id      = local.vpc_id

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "endpoints" {
  count = var.new_vpc == null ? 0 : 1

  security_group_id            = aws_security_group.endpoints[0].id
  referenced_security_group_id = aws_security_group.proxy.id
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
}

resource "aws_vpc_endpoint" "services" {
  for_each = var.new_vpc == null ? [] : toset(local.services)

  vpc_id              = local.vpc_id
  service_name        = "com.amazonaws.${local.region}.${each.value}"
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = true
  subnet_ids          = local.subnet_ids
  security_group_ids  = [aws_security_group.endpoints[0].id]
  # Prevents an attacker who controls a proxy from sending its secrets to another account with credentials of that account.
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "*" }
      Action    = "*"
      Resource  = "*"
      Condition = { StringEquals = { "aws:PrincipalAccount" = local.account } }
    }]
  })
  tags = { Name = "${var.name}-${each.value}" }
}

resource "aws_vpc_endpoint" "s3" {
  count = var.new_vpc == null || length(local.s3_objects) == 0 ? 0 : 1

  vpc_id            = local.vpc_id
  service_name      = "com.amazonaws.${local.region}.s3"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = [for table in aws_route_table.private : table.id]
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { AWS = "*" }, Action = "s3:GetObject", Resource = local.s3_objects }]
  })
  tags = { Name = "${var.name}-s3" }
}
