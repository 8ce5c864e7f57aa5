import { PrometheusRule } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule';
import { ServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import { StorageClass } from 'kubernetes-models/storage.k8s.io/v1/StorageClass';
import { ConfigMap } from 'kubernetes-models/v1/ConfigMap';
import { Service } from 'kubernetes-models/v1/Service';
import { ServiceAccount } from 'kubernetes-models/v1/ServiceAccount';

const KINDS = [
  ConfigMap,
  Deployment,
  HorizontalPodAutoscaler,
  NetworkPolicy,
  PodDisruptionBudget,
  PrometheusRule,
  Service,
  ServiceAccount,
  ServiceMonitor,
  StorageClass,
];

/** A Kubernetes object, as in YAML. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
}

/**
 * Parts of an object that the Kubernetes API would refuse or drop: invalid values, and fields that its schema does not
 * know. The schema of kubernetes-models allows unknown fields, which are the fields that its validators never read.
 */
export function manifestProblems(manifest: Manifest): string[] {
  const { apiVersion, kind } = manifest;
  const model = KINDS.find((known) => known.apiVersion === apiVersion && known.kind === kind);
  if (!model) return [`${kind} of ${apiVersion} is not known here`];

  const unread = new Set<string>();
  try {
    model.prototype.validate.call(watch(manifest, '', unread));
  } catch (error) {
    return [(error as Error).message];
  }
  return [...unread].map((path) => `${path} is unknown`);
}

/** A copy whose fields are removed from `unread` when they are read. */
function watch(value: unknown, path: string, unread: Set<string>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const copy = Array.isArray(value) ? [] : {};
  for (const [key, child] of Object.entries(value)) {
    const childPath = `${path}/${key}`;
    const watched = watch(child, childPath, unread);
    unread.add(childPath);
    const get = () => {
      unread.delete(childPath);
      return watched;
    };
    Object.defineProperty(copy, key, { enumerable: true, get });
  }
  return copy;
}
