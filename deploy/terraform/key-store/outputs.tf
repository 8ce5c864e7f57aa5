output "custom_key_store_id" {
  description = "Id of the key store."
  value       = local.id
}

output "key_arns" {
  description = "ARNs of the KMS keys, under the names of `keys`."
  value       = { for name, key in aws_kms_key.keys : name => key.arn }
}
