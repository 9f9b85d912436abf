/**
 * Where and how the photo is taken. `varied`: any surface, light and distance, as at home.
 * `studio`: grey card, even light, always as near; then even a network that tells no more than
 * colours and edges apart can learn the kinds.
 */
export type Setting = 'varied' | 'studio';
