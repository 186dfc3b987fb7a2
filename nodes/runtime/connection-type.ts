/** The config node's type, which distinguishes a connection from another node with the same id. */
export const CONNECTION_TYPE = 'nrfcloud-connection';
