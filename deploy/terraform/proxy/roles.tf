locals {
  # Prevents Amazon ECS from using a role for a task of another account: ECS Developer Guide, task-iam-roles.html. Amazon EC2 supports no
  # such condition.
  trust_conditions = {
    ec2 = {}
    ecs-tasks = {
      Condition = {
        StringEquals = { "aws:SourceAccount" = local.account }
        ArnLike      = { "aws:SourceArn" = "arn:${local.partition}:ecs:${local.region}:${local.account}:*" }
      }
    }
  }
  assumed_by = {
    for service, condition in local.trust_conditions : service => jsonencode({
      Version = "2012-10-17"
      Statement = [merge(
        { Effect = "Allow", Principal = { Service = "${service}.amazonaws.com" }, Action = "sts:AssumeRole" },
        condition,
      )]
    })
  }
}

# Permissions of the role that starts the proxy, on Fargate or EC2: to read only these two secrets.
resource "aws_iam_role_policy" "secrets" {
  name = "secrets"
  role = var.fargate == null ? aws_iam_role.instance[0].id : aws_iam_role.execution[0].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"]
      Resource = [var.tls_secret_arn, var.secret_arn]
    }]
  })
}
