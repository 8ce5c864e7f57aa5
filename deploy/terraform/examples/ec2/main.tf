# The proxy on EC2 instances in an existing VPC with a route to the HSMs, and its key store with one key.

terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.88, < 7.0"
    }
  }

  # The state contains the credential of the key store, so encrypt it and restrict access to it. README.md, "What is in the state".
  # backend "s3" {
  #   bucket       = "..."
  #   key          = "xks-proxy"
  #   region       = "us-east-1"
  #   encrypt      = true
  #   use_lockfile = true
  # }
}

provider "aws" {
  region = "us-east-1"
}

# export TF_VAR_credential="$(jq '.XksProxyAuthenticationCredential | {access_key_id: .AccessKeyId, raw_secret_access_key: .RawSecretAccessKey}' credential.json)"
variable "credential" {
  type      = object({ access_key_id = string, raw_secret_access_key = string })
  sensitive = true
}

module "proxy" {
  source = "../../proxy"

  private_dns_name = "xks-proxy.example.com"
  config_file      = "${path.module}/config.yaml"
  secret_arn       = "arn:aws:secretsmanager:us-east-1:111122223333:secret:xks-proxy/secrets-AbCdEf"
  tls_secret_arn   = "arn:aws:secretsmanager:us-east-1:111122223333:secret:xks-proxy/tls-AbCdEf"
  hsm_cidrs        = ["10.20.0.0/24"]
  hsm_ports        = [1792]

  existing_vpc = {
    id = "vpc-0123456789abcdef0"
    subnet_ids = {
      us-east-1a = "subnet-0123456789abcdef0"
      us-east-1b = "subnet-0123456789abcdef1"
    }
    # This VPC has endpoints for Secrets Manager and Amazon S3. Without endpoints, omit both lines.
    aws_service_cidrs = ["10.0.0.0/16"] # the range of the VPC
    s3_prefix_list_id = "pl-63a5400a"   # Amazon S3 in us-east-1
  }
  ec2 = {
    ami_id = "ami-0123456789abcdef0"
    package = {
      bucket = "example-packages"
      key    = "xks-proxy_1.0.0_amd64.deb"
      sha256 = "0000000000000000000000000000000000000000000000000000000000000000"
    }
  }

  hosted_zone_id = "Z0123456789ABCDEFGHIJ"
  alarm_email    = "operators@example.com"
}

module "key_store" {
  source = "../../key-store"

  key_store = {
    name                      = "example"
    uri_endpoint              = module.proxy.xks_proxy_uri_endpoint
    uri_path                  = "/example/kms/xks/v1"
    vpc_endpoint_service_name = module.proxy.xks_proxy_vpc_endpoint_service_name
  }
  credential           = var.credential
  connect_with_aws_cli = true
  alarm_topic_arns     = [module.proxy.alarm_topic_arn]

  keys = {
    foo = {
      xks_key_id     = "foo"
      alias          = "payments"
      administrators = ["arn:aws:iam::111122223333:role/Terraform"]
      users          = ["arn:aws:iam::111122223333:role/Payments"]
    }
  }
}

output "proxy" {
  value = module.proxy
}

output "key_store" {
  value = module.key_store
}
