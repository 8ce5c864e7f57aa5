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
    # Keys are lost to their users while there is none, and KMS never gives the secret back: what was given first stays in the state, and
    # is worth nothing after the next rotation.
    ignore_changes = [xks_proxy_authentication_credential]
  }
}

# KMS refuses to delete a key store that is connected or has keys, and the provider takes the refusal for success. README.md,
# "Destroying", says how it goes all the same.
resource "terraform_data" "destroy_protection" {
  lifecycle {
    prevent_destroy = true
  }
}

# Connecting takes some minutes. No key can be made before.
resource "terraform_data" "connection" {
  count = var.key_store != null && var.connect_with_aws_cli ? 1 : 0

  input = { id = local.id, region = data.aws_region.current.id, script = "${path.module}/connection.sh" }

  provisioner "local-exec" {
    command = "sh '${self.input.script}' connect '${self.input.id}' '${self.input.region}'"
  }

  provisioner "local-exec" {
    when    = destroy
    command = "sh '${self.input.script}' disconnect '${self.input.id}' '${self.input.region}'"
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
  # KMS Developer Guide, key-policy-default.html: its statements for administrators and users. The account's own has administration
  # alone: it keeps the key from being locked when the administrators are deleted, and lets no IAM policy give the use of the key away.
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
