output "custom_key_store_id" {
  description = "Id of the external key store."
  value       = local.id
}

output "key_arns" {
  description = "ARNs of the KMS keys, by the names in `keys`."
  value       = { for name, key in aws_kms_key.keys : name => key.arn }
}
