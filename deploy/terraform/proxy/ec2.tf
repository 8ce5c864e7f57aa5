# Instances of an Auto Scaling group. They run the package's systemd service, whose secrets are files in a tmpfs.

locals {
  package = try(var.ec2.package, null)
  package_arns = local.package == null ? [] : [
    "arn:${local.partition}:s3:::${local.package.bucket}/${local.package.key}",
  ]

  # Maps path to text.
  instance_files = merge(
    { for name, text in module.config.value.files : "/etc/xks-proxy/${name}" => text },
    { "/usr/local/sbin/xks-proxy-secrets" = file("${path.module}/fetch-secrets.sh") },
  )

  user_data = templatefile("${path.module}/user-data.sh.tftpl", {
    region          = local.region
    package         = local.package
    files           = { for path, text in local.instance_files : path => base64encode(text) }
    secrets_folder  = module.config.value.secrets_folder
    secret_arn      = var.secret_arn
    tls_secret_arn  = var.tls_secret_arn
    secret_files    = concat([for file in [module.config.value.certificate_file, module.config.value.private_key_file] : basename(file)], module.config.value.secret_names)
    timeout_seconds = module.config.value.drain_seconds + 10
  })
}

resource "aws_launch_template" "proxy" {
  count = var.ec2 == null ? 0 : 1

  name_prefix            = "${var.name}-"
  image_id               = var.ec2.ami_id
  instance_type          = var.ec2.instance_type
  vpc_security_group_ids = [aws_security_group.proxy.id]
  update_default_version = true
  # cloud-init unpacks it.
  user_data = base64gzip(local.user_data)

  iam_instance_profile {
    arn = aws_iam_instance_profile.proxy[0].arn
  }

  # Prevents a container or a forwarding program on the instance from getting the role's credentials.
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  # The host name is the instance's id, which is unique. The name of the audit log contains it.
  private_dns_name_options {
    hostname_type = "resource-name"
  }

  # Encrypted with aws/ebs or the account's default key, which must never be a key of this key store.
  block_device_mappings {
    device_name = var.ec2.root_device
    ebs {
      encrypted             = true
      volume_type           = "gp3"
      volume_size           = var.ec2.root_volume_gib
      delete_on_termination = !var.ec2.keep_volumes
    }
  }

  dynamic "tag_specifications" {
    for_each = ["instance", "volume"]
    content {
      resource_type = tag_specifications.value
      tags          = { Name = var.name }
    }
  }

  lifecycle {
    precondition {
      # API of EC2, RequestLaunchTemplateData: user data has at most 16 KB, before Base64.
      condition     = length(base64gzip(local.user_data)) <= 16384 / 3 * 4
      error_message = "The configuration and the files that it names exceed the user data of an instance, 16 KB compressed. Put the longest file into the AMI, and name it by its absolute path."
    }
  }
}

resource "aws_autoscaling_group" "proxy" {
  count = var.ec2 == null ? 0 : 1

  name_prefix         = "${var.name}-"
  min_size            = module.config.value.fleet_size
  max_size            = module.config.value.fleet_size
  desired_capacity    = module.config.value.fleet_size
  vpc_zone_identifier = local.subnet_ids
  target_group_arns   = [aws_lb_target_group.proxy.arn]
  # Replaces an instance whose proxy is not ready.
  health_check_type         = "ELB"
  health_check_grace_period = 300
  wait_for_elb_capacity     = module.config.value.fleet_size
  wait_for_capacity_timeout = "15m"

  launch_template {
    id      = aws_launch_template.proxy[0].id
    version = aws_launch_template.proxy[0].latest_version
  }

  # A new instance must be healthy before an old one is stopped. If the new instances do not become healthy,
  # the change is rolled back.
  instance_maintenance_policy {
    min_healthy_percentage = 100
    max_healthy_percentage = 200
  }
  instance_refresh {
    strategy = "Rolling"
    preferences {
      min_healthy_percentage = 100
      max_healthy_percentage = 200
      instance_warmup        = 60
      auto_rollback          = true
    }
  }

  # The first instances need the endpoints, routes and permissions, and the target group needs its listener.
  depends_on = [
    aws_lb_listener.tls,
    aws_vpc_endpoint.services,
    aws_vpc_endpoint.s3,
    aws_route_table_association.private,
    aws_route.hsm,
    aws_vpc_security_group_ingress_rule.endpoints,
    aws_vpc_security_group_ingress_rule.proxy,
    aws_vpc_security_group_egress_rule.endpoints,
    aws_vpc_security_group_egress_rule.aws_services,
    aws_vpc_security_group_egress_rule.s3,
    aws_vpc_security_group_egress_rule.hsm,
    aws_vpc_security_group_egress_rule.load_balancer,
    aws_iam_role_policy.secrets,
    aws_iam_role_policy.package,
    aws_iam_role_policy_attachment.instance,
  ]
}

resource "aws_iam_role" "instance" {
  count = var.ec2 == null ? 0 : 1

  name_prefix        = "${var.name}-ec2-"
  assume_role_policy = local.assumed_by["ec2"]
}

resource "aws_iam_instance_profile" "proxy" {
  count = var.ec2 == null ? 0 : 1

  name_prefix = "${var.name}-"
  role        = aws_iam_role.instance[0].name
}

resource "aws_iam_role_policy" "package" {
  count = length(local.package_arns)

  name = "package"
  role = aws_iam_role.instance[0].id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = local.package_arns }]
  })
}

resource "aws_iam_role_policy_attachment" "instance" {
  count = var.ec2 == null ? 0 : length(var.ec2.policy_arns)

  role       = aws_iam_role.instance[0].name
  policy_arn = var.ec2.policy_arns[count.index]
}
