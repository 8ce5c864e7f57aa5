locals {
  assumed_by = {
    for service in ["ecs-tasks", "ec2"] : service => jsonencode({
      Version   = "2012-10-17"
      Statement = [{ Effect = "Allow", Principal = { Service = "${service}.amazonaws.com" }, Action = "sts:AssumeRole" }]
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
