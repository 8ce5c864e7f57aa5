locals {
  id = var.key_store == null ? var.custom_key_store_id : aws_kms_custom_key_store.xks[0].id
}

data "aws_region" "current" {}

resource "aws_kms_custom_key_store" "xks" {
  count = var.key_store == null ? 0 : 1

  custom_key_store_name               = var.key_store.name
  custom_key_store_type               = "EXTERNAL_KEY_STORE"
  xks_proxy_connectivity              = var.key_store.vpc_endpoint_service_name == null ? "PUBLIC_ENDPOINT" : "VPC_ENDPOINT_SERVICE"
  xks_proxy_uri_endpoint              = var.key_store.uri_endpoint
  xks_proxy_uri_path                  = var.key_store.uri_path
  xks_proxy_vpc_endpoint_service_name = var.key_store.vpc_endpoint_service_name

  xks_proxy_authentication_credential {
    access_key_id         = var.credential.access_key_id
    raw_secret_access_key = var.credential.raw_secret_access_key
  }

  lifecycle {
    # The keys cannot be used without their key store. KMS never returns the secret, so the state keeps the first secret, which the next
    # rotation makes useless.
    ignore_changes = [xks_proxy_authentication_credential]
  }
}

# KMS refuses to delete a key store that is connected or has keys, and the provider treats this refusal as success. README.md,
# "Destroying", says how to delete it anyway.
resource "terraform_data" "destroy_protection" {
  lifecycle {
    prevent_destroy = true
  }
}

# Connecting takes some minutes. KMS creates keys only in a connected key store.
resource "terraform_data" "connection" {
  count = var.key_store != null && var.connect_with_aws_cli ? 1 : 0

  input = { id = local.id, region = data.aws_region.current.id, script = "${path.module}/connection.sh" }

  # The environment needs no quoting, whatever characters the path of the script contains.
  provisioner "local-exec" {
    command     = "sh \"$SCRIPT\" connect \"$ID\" \"$REGION\""
    environment = { SCRIPT = self.input.script, ID = self.input.id, REGION = self.input.region }
  }

  provisioner "local-exec" {
    when        = destroy
    command     = "sh \"$SCRIPT\" disconnect \"$ID\" \"$REGION\""
    environment = { SCRIPT = self.input.script, ID = self.input.id, REGION = self.input.region }
  }
}

resource "aws_kms_key" "keys" {
  for_each = var.keys

  custom_key_store_id     = local.id
  xks_key_id              = each.value.xks_key_id
  description             = each.value.description
  policy                  = each.value.policy != null ? each.value.policy : local.policies[each.key]
  deletion_window_in_days = each.value.deletion_window_in_days
  tags                    = each.value.tags

  depends_on = [terraform_data.connection]
}

resource "aws_kms_alias" "keys" {
  for_each = { for name, key in var.keys : name => key.alias if key.alias != null }

  name          = "alias/${each.value}"
  target_key_id = aws_kms_key.keys[each.key].key_id
}

locals {
  # KMS Developer Guide, key-policy-default.html: the statements for administrators and users. The account's statement only permits
  # administration. So the key stays manageable if its administrators are deleted, and no IAM policy can grant the use of the key.
  policies = {
    for name, key in var.keys : name => length(key.administrators) == 0 ? null : jsonencode({
      Version = "2012-10-17"
      Statement = concat(
        [{
          Sid       = "Administration"
          Effect    = "Allow"
          Principal = { AWS = concat([join(":", concat(slice(split(":", key.administrators[0]), 0, 5), ["root"]))], key.administrators) }
          Action = [
            "kms:Create*", "kms:Describe*", "kms:Enable*", "kms:List*", "kms:Put*", "kms:Update*", "kms:Revoke*", "kms:Disable*", "kms:Get*",
            "kms:Delete*", "kms:TagResource", "kms:UntagResource", "kms:ScheduleKeyDeletion", "kms:CancelKeyDeletion",
          ]
          Resource = "*"
        }],
        [for statement in [
          {
            Sid       = "Use"
            Effect    = "Allow"
            Principal = { AWS = key.users }
            Action    = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]
            Resource  = "*"
          },
          {
            Sid       = "UseByAwsServices"
            Effect    = "Allow"
            Principal = { AWS = key.users }
            Action    = ["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"]
            Resource  = "*"
            Condition = { Bool = { "kms:GrantIsForAWSResource" = "true" } }
          },
        ] : statement if length(key.users) > 0],
      )
    })
  }
}
