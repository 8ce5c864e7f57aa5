# Everything that AWS requires for an XKS proxy behind a VPC endpoint service: KMS Developer Guide, vpc-connectivity.html. The CDK app in
# deploy/aws makes the same on Fargate. A test compares the two.

data "aws_region" "current" {}

data "aws_partition" "current" {}

locals {
  region    = data.aws_region.current.id
  partition = data.aws_partition.current.partition
}

module "config" {
  source = "./config"

  file    = var.config_file
  fargate = var.fargate != null
}

# Without this proxy, nothing that its keys protect can be decrypted. README.md, "Destroying", says how to destroy it anyway.
resource "terraform_data" "destroy_protection" {
  lifecycle {
    prevent_destroy = true
  }
}
