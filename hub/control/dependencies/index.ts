/** @module What follows a workload into its clusters. */
export { claimantsOf, claimTemplatePrefix } from './claimants.ts';
export { createDependencyIndex, type DependencyIndex, type NamedObjects } from './dependency-index.ts';
export { governingServiceOf, pullSecretsOf, referencesOf, requiredReferencesOf, serviceSelects } from './references.ts';
