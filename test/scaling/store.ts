/** A context store in Redis, for one instance and whoever replaces it. */
export interface Store {
  /** Lines for Node-RED's settings file. */
  settingsCode: string;
}
