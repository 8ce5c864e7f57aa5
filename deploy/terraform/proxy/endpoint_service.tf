# The service to which AWS KMS connects. KMS Developer Guide, vpc-connectivity.html, step 4: acceptance not required, a private DNS name, IPv4; step 6:
# only AWS KMS of this Region may connect.
resource "aws_vpc_endpoint_service" "proxy" {
  network_load_balancer_arns = [aws_lb.proxy.arn]
  acceptance_required        = false
  private_dns_name           = var.private_dns_name
  supported_ip_address_types = ["ipv4"]
  allowed_principals         = ["cks.kms.${local.region}.amazonaws.com"]
  tags                       = { Name = var.name }
}

# The same page, step 5, and PrivateLink Guide, manage-dns-names.html: the record is in the public DNS, in a parent domain of the private
# name.
resource "aws_route53_record" "verification" {
  count = var.hosted_zone_id == null ? 0 : 1

  zone_id = var.hosted_zone_id
  # The provider appends the zone's domain.
  name    = aws_vpc_endpoint_service.proxy.private_dns_name_configuration[0].name
  type    = "TXT"
  ttl     = 1800
  records = [aws_vpc_endpoint_service.proxy.private_dns_name_configuration[0].value]
}

resource "aws_vpc_endpoint_service_private_dns_verification" "proxy" {
  count = coalesce(var.verify_private_dns_name, var.hosted_zone_id != null) ? 1 : 0

  service_id            = aws_vpc_endpoint_service.proxy.id
  wait_for_verification = true

  depends_on = [aws_route53_record.verification]
}
