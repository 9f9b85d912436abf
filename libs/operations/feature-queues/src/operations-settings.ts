/** What operations takes from the configuration. */
export class OperationsSettings {
  /** @param lostAfterMs after this time without a trace a sent message counts as lost; it is looked for twice as often */
  constructor(readonly lostAfterMs: number) {}
}
