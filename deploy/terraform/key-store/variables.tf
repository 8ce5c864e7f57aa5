variable "custom_key_store_id" {
  description = "Id of an existing external key store, such as cks-1234567890abcdef0. Its credential is then never in Terraform's state. If this is null, the module creates a key store from key_store."
  type        = string
  default     = null
  validation {
    condition     = (var.custom_key_store_id == null) != (var.key_store == null)
    error_message = "Set exactly one of custom_key_store_id and key_store."
  }
  validation {
    condition     = var.custom_key_store_id == null ? true : can(regex("^cks-[0-9a-f]{17}$", var.custom_key_store_id))
    error_message = "custom_key_store_id must be an id such as cks-1234567890abcdef0: aws kms describe-custom-key-stores prints it."
  }
}

variable "key_store" {
  description = <<-E
    Creates an external key store.
    uri_path: uriPathPrefix of the key store in the proxy's configuration, followed by /kms/xks/v1.
    vpc_endpoint_service_name: an output of the module proxy. Null is for a proxy with a public endpoint.
  E
  type = object({
    name                      = string
    uri_endpoint              = string
    uri_path                  = string
    vpc_endpoint_service_name = optional(string)
  })
  default = null
  validation {
    condition     = var.key_store == null ? true : length(trimspace(var.key_store.name)) >= 1 && length(var.key_store.name) <= 256
    error_message = "key_store.name must have 1 to 256 characters. It must also be unique in the account and Region."
  }
  validation {
    # API of KMS, CreateCustomKeyStore: https, 10 to 128 characters.
    condition     = var.key_store == null ? true : length(var.key_store.uri_endpoint) <= 128 && can(regex("^https://([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)*[a-z0-9]([a-z0-9-]*[a-z0-9])?$", var.key_store.uri_endpoint))
    error_message = "key_store.uri_endpoint must be https:// and the proxy's DNS name, without port and path, such as https://xks-proxy.example.com."
  }
  validation {
    # The same page: 10 to 128 characters, with /kms/xks/v1 at the end.
    condition     = var.key_store == null ? true : length(var.key_store.uri_path) <= 128 && can(regex("^(/[a-zA-Z0-9/_-]+)?/kms/xks/v1$", var.key_store.uri_path))
    error_message = "key_store.uri_path must end with /kms/xks/v1 and have at most 128 letters, digits and /_-, such as /example/kms/xks/v1."
  }
  validation {
    condition     = try(var.key_store.vpc_endpoint_service_name, null) == null ? true : can(regex("^com\\.amazonaws\\.vpce\\.[a-z0-9-]+\\.vpce-svc-[0-9a-f]+$", var.key_store.vpc_endpoint_service_name))
    error_message = "key_store.vpc_endpoint_service_name must be the output xks_proxy_vpc_endpoint_service_name of the module proxy, such as com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcdef0."
  }
}

variable "credential" {
  description = "Credential with which KMS signs its requests, as xks-proxy prints it. TERRAFORM'S STATE CONTAINS IT IN CLEAR TEXT; README.md says what to do about that. Terraform ignores later changes, so change it with aws kms update-custom-key-store."
  type = object({
    access_key_id         = string
    raw_secret_access_key = string
  })
  sensitive = true
  default   = null
  validation {
    condition     = nonsensitive(var.credential == null) == (var.key_store == null)
    error_message = "credential must be set if key_store is set, and must not be set otherwise."
  }
  validation {
    # API of KMS, XksProxyAuthenticationCredentialType.
    condition     = nonsensitive(var.credential == null ? true : can(regex("^[A-Z2-7]{20,30}$", var.credential.access_key_id)))
    error_message = "credential.access_key_id must have 20 to 30 of the characters A-Z and 2-7. xks-proxy keystore create prints one."
  }
  validation {
    condition     = nonsensitive(var.credential == null ? true : can(regex("^[a-zA-Z0-9/+=]{43,64}$", var.credential.raw_secret_access_key)))
    error_message = "credential.raw_secret_access_key must have 43 to 64 of the characters A-Z, a-z, 0-9, /, + and =. xks-proxy keystore create prints one."
  }
}

variable "connect_with_aws_cli" {
  description = "Whether Terraform runs the AWS CLI to connect the new key store, and to disconnect it before its deletion, because the provider can do neither. Terraform's machine then needs the AWS CLI, and credentials for the same account in its environment."
  type        = bool
  default     = false
}

variable "keys" {
  description = <<-E
    KMS keys with external keys, by names of your choice. The key store must be connected when a key is created.
    xks_key_id: id of the external key, keyStores[].keys[].id in the proxy's configuration. Use each id only once in a key store.
    alias: the alias without alias/.
    administrators, users: ARNs of roles or users. If both are empty, KMS's default policy applies: IAM policies of the account decide.
    policy: a key policy as JSON, instead of administrators and users.
  E
  type = map(object({
    xks_key_id              = string
    alias                   = optional(string)
    description             = optional(string, "")
    administrators          = optional(list(string), [])
    users                   = optional(list(string), [])
    policy                  = optional(string)
    deletion_window_in_days = optional(number, 30)
    tags                    = optional(map(string), {})
  }))
  default = {}
  validation {
    # API of KMS, CreateKey, XksKeyId.
    condition     = alltrue([for key in var.keys : can(regex("^[a-zA-Z0-9._-]{1,128}$", key.xks_key_id))])
    error_message = "keys[].xks_key_id must have 1 to 128 letters, digits and ._-; it is the id of a key in the proxy's configuration."
  }
  validation {
    condition     = length(distinct([for key in var.keys : key.xks_key_id])) == length(var.keys)
    error_message = "keys[].xks_key_id must all differ, because KMS accepts an external key only once in a key store."
  }
  validation {
    condition     = alltrue([for key in var.keys : key.alias == null ? true : can(regex("^[a-zA-Z0-9/_-]{1,250}$", key.alias)) && !startswith(key.alias, "aws/") && !startswith(key.alias, "alias/")])
    error_message = "keys[].alias must have only letters, digits and /_-, and begin with neither alias/ nor aws/."
  }
  validation {
    condition     = alltrue([for key in var.keys : key.policy == null || length(key.administrators) + length(key.users) == 0])
    error_message = "Set either policy, or administrators and users, for a key."
  }
  validation {
    # Without administrators, nobody could change the key later.
    condition     = alltrue([for key in var.keys : length(key.administrators) > 0 || length(key.users) == 0])
    error_message = "keys[].administrators must not be empty if users are set. Include the role that runs Terraform."
  }
  validation {
    condition     = alltrue([for arn in flatten([for key in var.keys : concat(key.administrators, key.users)]) : can(regex("^arn:[a-z-]+:iam::\\d{12}:(role|user)/[\\w+=,.@/-]+$", arn))])
    error_message = "keys[].administrators and users must be ARNs of roles or users, such as arn:aws:iam::111122223333:role/Payments."
  }
  validation {
    condition     = alltrue([for key in var.keys : key.deletion_window_in_days >= 7 && key.deletion_window_in_days <= 30])
    error_message = "keys[].deletion_window_in_days must be from 7 to 30."
  }
}

variable "alarm_topic_arns" {
  description = "SNS topics for alarms on KMS's metrics of the key store, such as [module.proxy.alarm_topic_arn]. An empty list creates no alarms. Do not use a topic that is encrypted with a key of this key store."
  type        = list(string)
  default     = []
}

variable "certificate_name" {
  description = "Subject CN of the proxy's certificate, for the alarm on its expiry. The default is the name in key_store.uri_endpoint."
  type        = string
  default     = null
}
