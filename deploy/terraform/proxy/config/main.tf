# Facts from the proxy's configuration file that the deployment needs. `xks-proxy config check` checks the whole file. There are no
# defaults here, so the file must contain every setting that the deployment relies on.

locals {
  text    = file(var.file)
  written = yamldecode(local.text)
  server  = try(local.written.server, {})
  tls     = try(local.server.tls, {})

  # Every string under the key `env`, `file` or `*File`, at any depth. A match is always a real member, because JSON has no comments, and
  # quotes inside a string are escaped as \".
  json         = jsonencode(local.written)
  variables    = distinct(flatten(regexall("\"env\":\"([^\"]*)\"", local.json)))
  secret_files = distinct(flatten(regexall("\"file\":\"([^\"]*)\"", local.json)))
  tls_files    = [for key in ["certificateFile", "privateKeyFile"] : try(local.tls[key], "")]
  # Public files in the folder of the configuration, such as the certificates of clientAuth. An absolute name is a file of the image or the AMI.
  public_files = [
    for name in distinct(flatten(regexall("\"\\w+File\":\"([^\"]*)\"", local.json))) : name
    if !startswith(name, "/") && !contains(local.tls_files, name)
  ]
  missing_files = [for name in local.public_files : name if !can(regex("^\\w[\\w.-]*$", name)) || !fileexists("${dirname(var.file)}/${name}")]

  # Task metadata endpoint version 4, ECS Developer Guide, task-metadata-endpoint-v4-fargate.html: Fargate sets it, with the id of the
  # task. The host name of a task contains its address, which a later task may get again.
  task_variable = "ECS_CONTAINER_METADATA_URI_V4"
  # Folder of the audit log: a volume of a task, or the service's state directory on an instance.
  audit_folder = "/var/lib/xks-proxy/audit"
  # A tmpfs on the instances, with the secrets as files.
  secrets_folder = "/run/xks-proxy-secrets"

  secret_names = var.fargate ? [for name in local.variables : name if name != local.task_variable] : [for file in local.secret_files : basename(file)]
  files = merge(
    { "config.yaml" = local.text },
    { for name in local.public_files : name => file("${dirname(var.file)}/${name}") if !contains(local.missing_files, name) },
  )
  bytes = sum([for text in values(local.files) : length(base64encode(text)) / 4 * 3])
  audit = try(local.written.audit, null)
}

output "value" {
  description = "Ports, numbers and names from the configuration, and the files that the proxy needs in addition to its secrets."
  value = {
    port             = try(local.server.port, null)
    monitoring_port  = try(local.written.monitoring.port, null)
    fleet_size       = try(local.server.fleetSize, null)
    drain_seconds    = try(local.server.drainSeconds, null)
    certificate_file = local.tls_files[0]
    private_key_file = local.tls_files[1]
    has_audit_log    = local.audit != null
    audit_folder     = local.audit_folder
    secrets_folder   = local.secrets_folder
    secret_names     = local.secret_names
    files            = local.files
  }

  precondition {
    condition     = try(local.server.port >= 1024 && local.server.port <= 65535, false)
    error_message = "${var.file}: server.port must be set, and above 1023, because the proxy does not run as root."
  }
  precondition {
    condition     = try(local.written.monitoring.port >= 1024 && local.written.monitoring.port <= 65535, false)
    error_message = "${var.file}: monitoring.port must be set, and above 1023, because the proxy does not run as root."
  }
  precondition {
    condition     = try(local.written.monitoring.host, null) == "0.0.0.0"
    error_message = "${var.file}: monitoring.host must be 0.0.0.0, because the load balancer connects from outside."
  }
  precondition {
    condition     = try(local.server.proxyProtocol.enabled, null) == true
    error_message = "${var.file}: server.proxyProtocol.enabled must be true, because the load balancer sends PROXY protocol headers."
  }
  precondition {
    # KMS Developer Guide, vpc-connectivity.html, step 2: at least two hosts.
    condition     = try(local.server.fleetSize >= 2, false)
    error_message = "${var.file}: server.fleetSize must be at least 2, for a proxy in each Availability Zone."
  }
  precondition {
    # ECS API, ContainerDefinition, stopTimeout: at most 120 seconds on Fargate. Ten of them remain for the exit. The load balancer waits 120 seconds.
    condition     = try(local.server.drainSeconds >= 1 && local.server.drainSeconds <= 110, false)
    error_message = "${var.file}: server.drainSeconds must be set, from 1 to 110."
  }
  precondition {
    condition = alltrue([
      for name in local.tls_files : can(regex(var.fargate ? "^\\w[\\w.-]*$" : "^${local.secrets_folder}/\\w[\\w.-]*$", name))
    ])
    error_message = "${var.file}: server.tls.certificateFile and privateKeyFile must be ${var.fargate ? "the names of files beside the configuration" : "files in ${local.secrets_folder}"}."
  }
  precondition {
    condition = var.fargate ? length(local.secret_files) == 0 : alltrue([
      for file in local.secret_files : can(regex("^${local.secrets_folder}/\\w+$", file))
    ])
    error_message = "${var.file}: every secret must be ${var.fargate ? "{env: NAME}, because tasks have no files with secrets" : "{file: ${local.secrets_folder}/NAME}"}. NAME is a key of the secret secret_arn."
  }
  precondition {
    condition     = var.fargate || length(local.variables) == 0
    error_message = "${var.file}: every secret must be {file: ${local.secrets_folder}/NAME} on EC2, where a changed one is taken without a restart; ${join(", ", local.variables)} comes from the environment."
  }
  precondition {
    condition     = length(local.missing_files) == 0
    error_message = "${var.file} names ${join(", ", local.missing_files)}, which must be beside the configuration."
  }
  precondition {
    # ECS Developer Guide, service-quotas.html: a task definition has at most 64 KB. 16 KB of it are reserved for everything except the files.
    condition     = local.bytes <= 48 * 1024
    error_message = "${var.file} and the files that it names have ${local.bytes} bytes, but the maximum is ${48 * 1024}. Put the longest file into the image or the AMI, and name it by its absolute path."
  }
  precondition {
    condition     = local.audit == null || try(local.audit.directory, null) == local.audit_folder
    error_message = "${var.file}: audit.directory must be ${local.audit_folder}, which has a volume for the log."
  }
  precondition {
    condition = local.audit == null || (var.fargate
      ? try(local.audit.origin.env, null) == local.task_variable
    : try(strcontains(local.audit.origin, "$${HOSTNAME}"), false))
    error_message = "${var.file}: audit.origin must ${var.fargate ? "be {env: ${local.task_variable}}" : "contain $${HOSTNAME}"}, because each proxy has its own log, whose name must be unique."
  }
}
