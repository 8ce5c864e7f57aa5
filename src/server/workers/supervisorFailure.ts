/** The workers cannot serve; the message says why. */
export class SupervisorFailure extends Error {
  override readonly name = 'SupervisorFailure';
}
