terraform {
  # 1.9: a validation may refer to other variables.
  required_version = ">= 1.9, < 2.0"

  required_providers {
    aws = {
      source = "hashicorp/aws"
      # 5.88: key stores outside AWS. Tested with 5.100.
      version = ">= 5.88, < 7.0"
    }
  }
}
