variable "custom_key_store_id" {
  description = "An existing external key store, such as cks-1234567890abcdef0, whose credential then never is in Terraform's state. Null makes a new one from key_store."
  type        = string
  default     = null
  validation {
    condition     = (var.custom_key_store_id == null) != (var.key_store == null)
    error_message = "Give exactly one of custom_key_store_id and key_store."
  }
  validation {
    condition     = var.custom_key_store_id == null ? true : can(regex("^cks-[0-9a-f]{17}$", var.custom_key_store_id))
    error_message = "custom_key_store_id must be an id such as cks-1234567890abcdef0: aws kms describe-custom-key-stores prints it."
  }
}

variable "key_store" {
  description = <<-E
    A new external key store.
    uri_path: what the proxy's key store has as uriPathPrefix, and /kms/xks/v1.
    vpc_endpoint_service_name: the output of the module proxy; null is a proxy with a public endpoint.
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
    error_message = "key_store.name must have 1 to 256 characters, and be the only one of its name in the account and Region."
  }
  validation {
    # API of KMS, CreateCustomKeyStore: https, 10 to 128 characters.
    condition     = var.key_store == null ? true : length(var.key_store.uri_endpoint) <= 128 && can(regex("^https://([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)*[a-z0-9]([a-z0-9-]*[a-z0-9])?$", var.key_store.uri_endpoint))
    error_message = "key_store.uri_endpoint must be https:// and the name that KMS calls, without port and path, such as https://xks-proxy.example.com."
  }
  validation {
    # The same page: 10 to 128 characters, with /kms/xks/v1 at the end.
    condition     = var.key_store == null ? true : length(var.key_store.uri_path) <= 128 && can(regex("^(/[a-zA-Z0-9/_-]+)?/kms/xks/v1$", var.key_store.uri_path))
    error_message = "key_store.uri_path must end with /kms/xks/v1 and have at most 128 letters, digits and /_-, such as /example/kms/xks/v1."
  }
  validation {
    condition     = try(var.key_store.vpc_endpoint_service_name, null) == null ? true : can(regex("^com\\.amazonaws\\.vpce\\.[a-z0-9-]+\\.vpce-svc-[0-9a-f]+$", var.key_store.vpc_endpoint_service_name))
    error_message = "key_store.vpc_endpoint_service_name must be like com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcdef0, the output xks_proxy_vpc_endpoint_service_name of the module proxy."
  }
}

variable "credential" {
  description = "The credential with which KMS signs its requests, as xks-proxy prints it. IT IS IN TERRAFORM'S STATE IN CLEAR: README.md says what to do. Later changes are ignored: change it with aws kms update-custom-key-store."
  type = object({
    access_key_id         = string
    raw_secret_access_key = string
  })
  sensitive = true
  default   = null
  validation {
    condition     = nonsensitive(var.credential == null) == (var.key_store == null)
    error_message = "credential is needed for a new key_store, and for nothing else."
  }
  validation {
    # API of KMS, XksProxyAuthenticationCredentialType.
    condition     = nonsensitive(var.credential == null ? true : can(regex("^[A-Z2-7]{20,30}$", var.credential.access_key_id)))
    error_message = "credential.access_key_id must have 20 to 30 of the characters A-Z and 2-7. xks-proxy keystore create makes one."
  }
  validation {
    condition     = nonsensitive(var.credential == null ? true : can(regex("^[a-zA-Z0-9/+=]{43,64}$", var.credential.raw_secret_access_key)))
    error_message = "credential.raw_secret_access_key must have 43 to 64 of the characters A-Z, a-z, 0-9, /, + and =. xks-proxy keystore create makes one."
  }
}

variable "connect_with_aws_cli" {
  description = "Whether Terraform runs the AWS CLI to connect the new key store, and to disconnect it before it is deleted. The provider can do neither. The machine needs aws and credentials of the same account in its environment."
  type        = bool
  default     = false
}

variable "keys" {
  description = <<-E
    KMS keys over external keys, under names of your choice. The key store must be connected when one is made.
    xks_key_id: id of the external key, keyStores[].keys[].id of the proxy's configuration. A key store takes each once.
    alias: without alias/.
    administrators, users: ARNs of roles or users. Both empty is the default policy of KMS: IAM policies of the account decide.
    policy: a key policy as JSON instead of the two.
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
    error_message = "keys[].xks_key_id must be different: KMS takes an external key once in a key store."
  }
  validation {
    condition     = alltrue([for key in var.keys : key.alias == null ? true : can(regex("^[a-zA-Z0-9/_-]{1,250}$", key.alias)) && !startswith(key.alias, "aws/") && !startswith(key.alias, "alias/")])
    error_message = "keys[].alias must have letters, digits and /_-, and begin with neither alias/ nor aws/."
  }
  validation {
    condition     = alltrue([for key in var.keys : key.policy == null || length(key.administrators) + length(key.users) == 0])
    error_message = "Give a key either policy, or administrators and users."
  }
  validation {
    # One account, which the policy names. A key without administrators can no longer be changed.
    condition     = alltrue([for key in var.keys : length(key.administrators) > 0 || length(key.users) == 0])
    error_message = "keys[].administrators must not be empty if there are users. The role that runs Terraform should be one of them."
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
  description = "Topics of the alarms on what KMS measures of its key store: [alarm_topic_arn of the module proxy]. An empty list makes no alarms. Never a topic encrypted with a key of this key store."
  type        = list(string)
  default     = []
}

variable "certificate_name" {
  description = "Subject CN of the proxy's certificate, for its alarm. Null is the name of key_store.uri_endpoint."
  type        = string
  default     = null
}
