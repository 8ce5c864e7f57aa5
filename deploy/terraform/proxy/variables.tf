variable "name" {
  description = "Prefix of the names of all resources. A second proxy in the same account and Region needs a different prefix."
  type        = string
  default     = "xks-proxy"
  validation {
    # A load balancer's name has at most 32 characters and no hyphen at its ends.
    condition     = can(regex("^[A-Za-z]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?$", var.name))
    error_message = "name must have 1 to 32 letters, digits and hyphens, begin with a letter and not end with a hyphen."
  }
}

variable "private_dns_name" {
  description = "DNS name under which KMS calls the proxy, a subdomain of a public domain of yours. The certificate's subject CN must be this name, or a wildcard that covers it."
  type        = string
  validation {
    # KMS Developer Guide, vpc-connectivity.html: a subdomain of a higher-level public domain. API of KMS,
    # XksProxyConfigurationType: the URI endpoint has at most 128 characters, including https://.
    condition     = length(var.private_dns_name) <= 120 && can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.){2,}[a-z]{2,}$", var.private_dns_name))
    error_message = "private_dns_name must be a subdomain in lower case with at most 120 characters, such as xks-proxy.example.com."
  }
}

variable "config_file" {
  description = "Path of the proxy's configuration file. examples/ has one for Fargate and one for EC2."
  type        = string
  validation {
    condition     = fileexists(var.config_file)
    error_message = "config_file must be the path of a file. Begin it with $${path.module}/ if the file is beside your module."
  }
}

variable "secret_arn" {
  description = "Complete ARN of a secret in Secrets Manager: a JSON map with every secret that the configuration names. Terraform uses only the ARN, and does not read the secret."
  type        = string
  validation {
    condition     = can(regex("^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:\\d{12}:secret:[\\w/+=.@-]+-[A-Za-z0-9]{6}$", var.secret_arn))
    error_message = "secret_arn must be the complete ARN of a secret, with the six characters at its end: aws secretsmanager describe-secret prints it."
  }
}

variable "tls_secret_arn" {
  description = "Complete ARN of the secret with the TLS identity: a JSON map with `certificate` (the PEM chain) and `privateKey`. A certificate of ACM works only if it is exportable, because ACM does not return the private keys of other certificates."
  type        = string
  validation {
    condition     = can(regex("^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:\\d{12}:secret:[\\w/+=.@-]+-[A-Za-z0-9]{6}$", var.tls_secret_arn))
    error_message = "tls_secret_arn must be the complete ARN of a secret, with the six characters at its end: aws secretsmanager describe-secret prints it."
  }
}

variable "hsm_cidrs" {
  description = "IPv4 ranges of the HSMs. The proxy may connect to these and to AWS services."
  type        = list(string)
  validation {
    # KMS Developer Guide, vpc-connectivity.html: all components must use IPv4.
    condition     = length(var.hsm_cidrs) > 0 && alltrue([for cidr in var.hsm_cidrs : can(cidrnetmask(cidr))])
    error_message = "hsm_cidrs must be one or more IPv4 ranges, such as 10.20.0.0/24."
  }
}

variable "hsm_ports" {
  description = "TCP ports of the HSMs."
  type        = list(number)
  validation {
    condition     = length(var.hsm_ports) > 0 && alltrue([for port in var.hsm_ports : port >= 1 && port <= 65535 && floor(port) == port])
    error_message = "hsm_ports must be one or more numbers from 1 to 65535, such as 1792."
  }
}

variable "new_vpc" {
  description = "Creates a VPC with this IPv4 range. It has a private subnet in each zone, endpoints of the AWS services that the proxy needs, routes to the HSMs through the transit gateway, and no route to the internet."
  type = object({
    cidr               = string
    availability_zones = list(string)
    transit_gateway_id = optional(string)
  })
  default = null
  validation {
    condition     = (var.new_vpc == null) != (var.existing_vpc == null)
    error_message = "Set exactly one of new_vpc and existing_vpc."
  }
  validation {
    condition     = var.new_vpc == null ? true : can(cidrnetmask(var.new_vpc.cidr))
    error_message = "new_vpc.cidr must be an IPv4 range, such as 10.0.0.0/24."
  }
  validation {
    # KMS Developer Guide, vpc-connectivity.html: two private subnets or more, in different Availability Zones.
    condition     = var.new_vpc == null ? true : length(var.new_vpc.availability_zones) >= 2 && length(distinct(var.new_vpc.availability_zones)) == length(var.new_vpc.availability_zones)
    error_message = "new_vpc.availability_zones must name at least two different zones."
  }
  validation {
    # The same page: the addresses of the VPC and of the HSM's network must not overlap.
    condition = var.new_vpc == null ? true : try(alltrue([
      for cidr in var.hsm_cidrs : (
        cidrhost("${split("/", cidr)[0]}/${min(split("/", cidr)[1], split("/", var.new_vpc.cidr)[1])}", 0) !=
        cidrhost("${split("/", var.new_vpc.cidr)[0]}/${min(split("/", cidr)[1], split("/", var.new_vpc.cidr)[1])}", 0)
      )
    ]), true)
    error_message = "new_vpc.cidr must not overlap with hsm_cidrs, because the proxy could not reach the HSMs then."
  }
  validation {
    condition     = try(var.new_vpc.transit_gateway_id, null) == null ? true : can(regex("^tgw-[0-9a-f]+$", var.new_vpc.transit_gateway_id))
    error_message = "new_vpc.transit_gateway_id must be an id such as tgw-0123456789abcdef0."
  }
}

variable "existing_vpc" {
  description = <<-E
    Uses an existing VPC with routes to the HSMs and to AWS services.
    subnet_ids: maps Availability Zones to private subnets.
    aws_service_cidrs: IPv4 ranges in which the proxy may call AWS services, over HTTPS. If the VPC has endpoints for them, set the range of the VPC. The default permits all addresses, because AWS services that are reached through a NAT gateway have no fixed ones.
    s3_prefix_list_id: prefix list of Amazon S3 in the Region. The proxy may call these addresses too, which a gateway endpoint needs.
  E
  type = object({
    id                = string
    subnet_ids        = map(string)
    aws_service_cidrs = optional(list(string), ["0.0.0.0/0"])
    s3_prefix_list_id = optional(string)
  })
  default = null
  validation {
    condition     = var.existing_vpc == null ? true : can(regex("^vpc-[0-9a-f]+$", var.existing_vpc.id))
    error_message = "existing_vpc.id must be an id such as vpc-0123456789abcdef0."
  }
  validation {
    condition     = var.existing_vpc == null ? true : length(var.existing_vpc.subnet_ids) >= 2 && alltrue([for id in values(var.existing_vpc.subnet_ids) : can(regex("^subnet-[0-9a-f]+$", id))])
    error_message = "existing_vpc.subnet_ids must map at least two zones to private subnets, such as { us-east-1a = \"subnet-0a\", us-east-1b = \"subnet-0b\" }."
  }
  validation {
    condition     = var.existing_vpc == null ? true : length(var.existing_vpc.aws_service_cidrs) > 0 && alltrue([for cidr in var.existing_vpc.aws_service_cidrs : can(cidrnetmask(cidr))])
    error_message = "existing_vpc.aws_service_cidrs must be one or more IPv4 ranges, such as the range of the VPC."
  }
  validation {
    condition     = try(var.existing_vpc.s3_prefix_list_id, null) == null ? true : can(regex("^pl-[0-9a-f]+$", var.existing_vpc.s3_prefix_list_id))
    error_message = "existing_vpc.s3_prefix_list_id must be an id such as pl-63a5400a: aws ec2 describe-managed-prefix-lists --filters Name=prefix-list-name,Values=com.amazonaws.us-east-1.s3 prints it."
  }
}

variable "fargate" {
  description = "Runs the proxy as ECS tasks on Fargate. `image` is your x86-64 image with the HSM's library in a private repository of Amazon ECR, preferably with its digest."
  type        = object({ image = string })
  default     = null
  validation {
    condition     = (var.fargate == null) != (var.ec2 == null)
    error_message = "Set exactly one of fargate and ec2."
  }
  validation {
    condition     = var.fargate == null ? true : can(regex("^\\d{12}\\.dkr\\.ecr\\.[a-z0-9-]+\\.amazonaws\\.com/[a-z0-9._/-]+(@sha256:[0-9a-f]{64}|:[\\w.-]+)$", var.fargate.image))
    error_message = "fargate.image must be an image in Amazon ECR, <account>.dkr.ecr.<region>.amazonaws.com/<repository>@sha256:<digest>."
  }
}

variable "ec2" {
  description = <<-E
    Runs the proxy as a systemd service on the instances of an Auto Scaling group.
    ami_id: an AMI of Debian or Ubuntu with the HSM's library, the AWS CLI and jq.
    package: the .deb of `make package` in S3, with its SHA-256. Omit it if the AMI already contains the package.
    root_device: the AMI's root device, /dev/xvda for Debian and /dev/sda1 for Ubuntu. A wrong name adds a second, empty volume.
    keep_volumes: whether an instance's volume, with its audit log, is kept after the instance is terminated.
    policy_arns: additional IAM policies for the instances, such as the policy of an agent that ships their logs.
  E
  type = object({
    ami_id          = string
    instance_type   = optional(string, "c7i.large")
    package         = optional(object({ bucket = string, key = string, sha256 = string }))
    root_device     = optional(string, "/dev/xvda")
    root_volume_gib = optional(number, 20)
    keep_volumes    = optional(bool, false)
    policy_arns     = optional(list(string), [])
  })
  default = null
  validation {
    condition     = var.ec2 == null ? true : can(regex("^ami-[0-9a-f]+$", var.ec2.ami_id))
    error_message = "ec2.ami_id must be an id such as ami-0123456789abcdef0."
  }
  validation {
    condition     = try(var.ec2.package, null) == null ? true : can(regex("^[0-9a-f]{64}$", var.ec2.package.sha256))
    error_message = "ec2.package.sha256 must be the 64 hexadecimal digits from packages/SHA256SUMS."
  }
  validation {
    # A shell script and an ARN contain these values.
    condition     = try(var.ec2.package, null) == null ? true : can(regex("^[a-z0-9.-]{3,63}$", var.ec2.package.bucket)) && can(regex("^[\\w./-]+\\.deb$", var.ec2.package.key))
    error_message = "ec2.package must name a bucket and the key of a .deb in it, which has only letters, digits and ._/-."
  }
}

variable "hosted_zone_id" {
  description = "Public hosted zone in Route 53 of a parent domain of private_dns_name. The module creates there the TXT record that proves ownership of the domain. Without a zone, create this record yourself, from the output domain_verification."
  type        = string
  default     = null
}

variable "verify_private_dns_name" {
  description = "Whether to verify the domain and to wait for the result. The default is true with hosted_zone_id. Otherwise, set it to true after you have created the TXT record."
  type        = bool
  default     = null
}

variable "alarm_email" {
  description = "Email address that receives the alarms of the topic. Its owner must first confirm the subscription."
  type        = string
  default     = null
}
