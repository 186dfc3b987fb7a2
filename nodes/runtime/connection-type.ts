/** The config node's type, by which a connection is told from another node with the same id. */
export const CONNECTION_TYPE = 'nrfcloud-connection';
