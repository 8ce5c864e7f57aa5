# Tasks: a container that writes the configuration and the TLS files to a volume and ends, then the proxy. Fargate gives secrets as
# environment variables only, and its tmpfs belongs to one container. The volume is on the task's encrypted storage, which is deleted with
# the task.

locals {
  config_folder = "/etc/xks-proxy"
  # User id and group id of the proxy in the image.
  proxy_id = 10001
  image = var.fargate == null ? null : regex(
    "^(?P<account>\\d{12})\\.dkr\\.ecr\\.(?P<region>[a-z0-9-]+)\\.amazonaws\\.com/(?P<repository>[a-z0-9._/-]+)[@:]",
    var.fargate.image,
  )

  audit_mount = module.config.value.has_audit_log ? [{ sourceVolume = "audit", containerPath = dirname(module.config.value.audit_folder), readOnly = false }] : []
  file_names  = keys(module.config.value.files)

  # Writes a file for each argument <file>=<NAME>, with the value of that environment variable, readable for owner and group. Makes a
  # folder for each argument <folder>/, writable for both. deploy/aws/lib/writeFilesScript.ts is the same script.
  write_files_script = <<E

const { chmodSync, mkdirSync, writeFileSync } = require('node:fs');
for (const argument of process.argv.slice(1)) {
  const [file, name] = argument.split('=');
  if (file.endsWith('/')) {
    mkdirSync(file);
    chmodSync(file, 0o770);
  } else writeFileSync(file, process.env[name], { mode: 0o640, flag: 'wx' });
}
E

  container_defaults = {
    image                  = try(var.fargate.image, null)
    readonlyRootFilesystem = true
    linuxParameters        = { capabilities = { drop = ["ALL"] } }
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = var.name
        awslogs-region        = local.region
        awslogs-stream-prefix = "task"
        # ECS API, LogConfiguration: the default drops lines when CloudWatch Logs is slow. None may be lost, because they record all requests.
        mode = "blocking"
      }
    }
  }
  files_container = merge(local.container_defaults, {
    name = "files"
    # ECS Developer Guide, bind-mounts.html: root owns the volume. The files get the proxy's group, which may read them.
    user       = "0:${local.proxy_id}"
    essential  = false
    entryPoint = ["node", "--eval", local.write_files_script]
    command = concat(
      [for index, name in local.file_names : "/files/${name}=FILE_${index}"],
      ["/files/${module.config.value.certificate_file}=TLS_CERTIFICATE", "/files/${module.config.value.private_key_file}=TLS_PRIVATE_KEY"],
      module.config.value.has_audit_log ? ["${module.config.value.audit_folder}/"] : [],
    )
    environment = [for index, name in local.file_names : { name = "FILE_${index}", value = module.config.value.files[name] }]
    secrets = [
      { name = "TLS_CERTIFICATE", valueFrom = "${var.tls_secret_arn}:certificate::" },
      { name = "TLS_PRIVATE_KEY", valueFrom = "${var.tls_secret_arn}:privateKey::" },
    ]
    mountPoints = concat([{ sourceVolume = "configuration", containerPath = "/files", readOnly = false }], local.audit_mount)
  })
  proxy_container = merge(local.container_defaults, {
    name         = "xks-proxy"
    user         = "${local.proxy_id}:${local.proxy_id}"
    essential    = true
    dependsOn    = [{ containerName = "files", condition = "SUCCESS" }]
    portMappings = [for port in [local.ports.proxy, local.ports.monitoring] : { containerPort = port, protocol = "tcp" }]
    # ECS Developer Guide, secrets-envvar-secrets-manager.html: ECS reads secrets when the container starts, so a rotation needs new tasks.
    secrets = [for name in module.config.value.secret_names : { name = name, valueFrom = "${var.secret_arn}:${name}::" }]
    # Time after SIGTERM: drainSeconds, and ten seconds to exit.
    stopTimeout = module.config.value.drain_seconds + 10
    mountPoints = concat([{ sourceVolume = "configuration", containerPath = local.config_folder, readOnly = true }], local.audit_mount)
  })
}

# The log group records which client used which key, so it is kept when everything else is destroyed.
resource "aws_cloudwatch_log_group" "proxy" {
  count = var.fargate == null ? 0 : 1

  name              = var.name
  retention_in_days = 400
  skip_destroy      = true
}

resource "aws_ecs_task_definition" "proxy" {
  count = var.fargate == null ? 0 : 1

  family                   = var.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 2048
  memory                   = 4096
  execution_role_arn       = aws_iam_role.execution[0].arn
  task_role_arn            = aws_iam_role.task[0].arn
  container_definitions    = jsonencode([local.files_container, local.proxy_container])

  runtime_platform {
    cpu_architecture        = "X86_64"
    operating_system_family = "LINUX"
  }

  dynamic "volume" {
    for_each = module.config.value.has_audit_log ? ["configuration", "audit"] : ["configuration"]
    content {
      name = volume.value
    }
  }
}

resource "aws_ecs_cluster" "proxy" {
  count = var.fargate == null ? 0 : 1

  name = var.name
}

resource "aws_ecs_service" "proxy" {
  count = var.fargate == null ? 0 : 1

  name            = var.name
  cluster         = aws_ecs_cluster.proxy[0].id
  task_definition = aws_ecs_task_definition.proxy[0].arn
  launch_type     = "FARGATE"
  desired_count   = module.config.value.fleet_size
  # ECS Developer Guide, service-rebalancing.html
  availability_zone_rebalancing = "ENABLED"
  # A new task must be healthy before an old one is stopped. If the new tasks do not become healthy, the deployment is rolled back.
  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200
  health_check_grace_period_seconds  = 120
  wait_for_steady_state              = true
  # Prevents a shell in a container whose memory contains plaintexts.
  enable_execute_command = false

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  network_configuration {
    subnets          = local.subnet_ids
    security_groups  = [aws_security_group.proxy.id]
    assign_public_ip = false
  }

  load_balancer {
    target_group_arn = aws_lb_target_group.proxy.arn
    container_name   = "xks-proxy"
    container_port   = local.ports.proxy
  }

  # The first tasks need the endpoints, routes and permissions, and the target group needs its listener.
  depends_on = [
    aws_lb_listener.tls,
    aws_vpc_endpoint.services,
    aws_vpc_endpoint.s3,
    aws_route_table_association.private,
    aws_route.hsm,
    aws_vpc_security_group_ingress_rule.endpoints,
    aws_vpc_security_group_ingress_rule.proxy,
    aws_vpc_security_group_egress_rule.endpoints,
    aws_vpc_security_group_egress_rule.aws_services,
    aws_vpc_security_group_egress_rule.s3,
    aws_vpc_security_group_egress_rule.hsm,
    aws_vpc_security_group_egress_rule.load_balancer,
    aws_iam_role_policy.image,
    aws_iam_role_policy.secrets,
    aws_iam_role_policy.log,
  ]
}

# A running task calls no AWS API.
resource "aws_iam_role" "task" {
  count = var.fargate == null ? 0 : 1

  name_prefix        = "${var.name}-task-"
  assume_role_policy = local.assumed_by["ecs-tasks"]
}

# Permissions that Fargate needs before the proxy starts.
resource "aws_iam_role" "execution" {
  count = var.fargate == null ? 0 : 1

  name_prefix        = "${var.name}-run-"
  assume_role_policy = local.assumed_by["ecs-tasks"]
}

resource "aws_iam_role_policy" "image" {
  count = var.fargate == null ? 0 : 1

  name = "image"
  role = aws_iam_role.execution[0].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"]
        Resource = "arn:${local.partition}:ecr:${local.image.region}:${local.image.account}:repository/${local.image.repository}"
      },
      # This action supports no resource.
      { Effect = "Allow", Action = "ecr:GetAuthorizationToken", Resource = "*" },
    ]
  })
}

resource "aws_iam_role_policy" "log" {
  count = var.fargate == null ? 0 : 1

  name = "log"
  role = aws_iam_role.execution[0].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = "${aws_cloudwatch_log_group.proxy[0].arn}:*"
    }]
  })
}
