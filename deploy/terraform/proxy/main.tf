# Everything that AWS requires for an XKS proxy behind a VPC endpoint service: KMS Developer Guide, vpc-connectivity.html. The CDK app in
# deploy/aws creates the same on Fargate. A test compares the two.

data "aws_region" "current" {}

data "aws_partition" "current" {}

data "aws_caller_identity" "current" {}

locals {
  region    = data.aws_region.current.id
  partition = data.aws_partition.current.partition
  account   = data.aws_caller_identity.current.account_id
}

module "config" {
  source = "./config"

  file    = var.config_file
  fargate = var.fargate != null
}

# Data that the proxy's keys protect cannot be decrypted without the proxy. README.md, "Destroying", says how to destroy it anyway.
resource "terraform_data" "destroy_protection" {
  lifecycle {
    prevent_destroy = true
  }
}
