output "xks_proxy_uri_endpoint" {
  description = "Value for key_store.uri_endpoint of the module key-store."
  value       = "https://${var.private_dns_name}"
}

output "xks_proxy_vpc_endpoint_service_name" {
  description = "Value for key_store.vpc_endpoint_service_name of the module key-store. If this module verifies the domain, the output is available after the verification."
  value       = aws_vpc_endpoint_service.proxy.service_name
  depends_on  = [aws_vpc_endpoint_service_private_dns_verification.proxy]
}

output "endpoint_service_id" {
  description = "Id of the VPC endpoint service."
  value       = aws_vpc_endpoint_service.proxy.id
}

output "domain_verification" {
  description = "TXT record that you create in the public DNS if hosted_zone_id is not set. Its full name is `name`, a dot, and the private DNS name or a parent domain of it."
  value       = one([for record in aws_vpc_endpoint_service.proxy.private_dns_name_configuration : { name = record.name, value = record.value }])
}

output "load_balancer_security_group_id" {
  description = "Security group of the load balancer. Add an inbound rule to it to test the proxy from inside the VPC."
  value       = aws_security_group.load_balancer.id
}

output "endpoints_security_group_id" {
  description = "Security group of the VPC's endpoints; null in an existing VPC. Use it for additional endpoints that the proxy's instances need."
  value       = one(aws_security_group.endpoints[*].id)
}

output "alarm_topic_arn" {
  description = "Topic of the alarms. Also pass it to the module key-store, in alarm_topic_arns."
  value       = aws_sns_topic.alarms.arn
}

output "cluster_name" {
  description = "Name of the ECS cluster; null on EC2."
  value       = one(aws_ecs_cluster.proxy[*].name)
}

output "service_name" {
  description = "Name of the ECS service; null on EC2."
  value       = one(aws_ecs_service.proxy[*].name)
}

output "log_group_name" {
  description = "Log group of the tasks; null on EC2."
  value       = one(aws_cloudwatch_log_group.proxy[*].name)
}

output "autoscaling_group_name" {
  description = "Name of the Auto Scaling group; null on Fargate."
  value       = one(aws_autoscaling_group.proxy[*].name)
}
