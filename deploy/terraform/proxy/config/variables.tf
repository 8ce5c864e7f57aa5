variable "file" {
  description = "Path of the proxy's configuration."
  type        = string
}

variable "fargate" {
  description = "Whether tasks of Fargate have the configuration, and instances of EC2 otherwise."
  type        = bool
}
