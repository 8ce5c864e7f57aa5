variable "file" {
  description = "Path of the proxy's configuration file."
  type        = string
}

variable "fargate" {
  description = "Whether the configuration is for Fargate tasks; otherwise it is for EC2 instances."
  type        = bool
}
