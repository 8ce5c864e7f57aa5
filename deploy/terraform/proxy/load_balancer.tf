# The Network Load Balancer: accepts TCP 443, and passes TLS through to the proxies.

locals {
  # Ports of the proxy for requests and for health checks.
  ports = { proxy = module.config.value.port, monitoring = module.config.value.monitoring_port }

  # Seconds after which a deregistered target is stopped. Until then a Network Load Balancer may still send it new connections, and AWS's
  # own github.com/awslabs/nlb-sidecar-for-ecs waits as long. This is not shorter than the longest drainSeconds.
  deregistration_delay = 120
}

# No inbound rule, so no client in the VPC or beyond reaches the listener. AWS KMS does, because inbound rules are not enforced on
# PrivateLink traffic: they could only name the addresses of KMS's own endpoints, which are not published. The endpoint service decides
# which clients connect through PrivateLink. NLB User Guide, load-balancer-security-groups.html: a load balancer that was created without
# a security group cannot get one later.
resource "aws_security_group" "load_balancer" {
  name_prefix = "${var.name}-nlb-"
  description = "xks-proxy load balancer: PrivateLink alone"
  vpc_id      = local.vpc_id

  lifecycle {
    create_before_destroy = true
  }
}

# The same page: outbound rules also apply to health checks.
resource "aws_vpc_security_group_egress_rule" "load_balancer" {
  for_each = local.ports

  security_group_id            = aws_security_group.load_balancer.id
  referenced_security_group_id = aws_security_group.proxy.id
  ip_protocol                  = "tcp"
  from_port                    = each.value
  to_port                      = each.value
}

resource "aws_vpc_security_group_ingress_rule" "proxy" {
  for_each = local.ports

  security_group_id            = aws_security_group.proxy.id
  referenced_security_group_id = aws_security_group.load_balancer.id
  ip_protocol                  = "tcp"
  from_port                    = each.value
  to_port                      = each.value
}

# KMS Developer Guide, vpc-connectivity.html, step 3: internal, IPv4, in both zones, TCP 443.
resource "aws_lb" "proxy" {
  name                             = var.name
  load_balancer_type               = "network"
  internal                         = true
  ip_address_type                  = "ipv4"
  subnets                          = local.subnet_ids
  enable_cross_zone_load_balancing = true
  security_groups                  = [aws_security_group.load_balancer.id]

  enforce_security_group_inbound_rules_on_private_link_traffic = "off"
}

# The same page, step 2: TCP. An Auto Scaling group registers instances, not IP addresses.
resource "aws_lb_target_group" "proxy" {
  name_prefix = "xks-"
  vpc_id      = local.vpc_id
  target_type = var.fargate == null ? "instance" : "ip"
  protocol    = "TCP"
  port        = local.ports.proxy

  # NLB User Guide, edit-target-group-attributes.html, "Proxy protocol": the header has the id of the VPC endpoint, and health checks
  # begin with one too, including those of the monitoring port.
  proxy_protocol_v2    = true
  preserve_client_ip   = false
  deregistration_delay = local.deregistration_delay
  # The proxy itself ends its connections.
  connection_termination = false

  health_check {
    protocol            = "HTTP"
    port                = local.ports.monitoring
    path                = "/readyz"
    matcher             = "200"
    interval            = 10
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 3
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_lb_listener" "tls" {
  load_balancer_arn = aws_lb.proxy.arn
  port              = 443
  protocol          = "TCP"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.proxy.arn
  }
}
