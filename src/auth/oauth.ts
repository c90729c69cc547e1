export const grants = ['client_credentials', 'password'];
export const fields = ['client_id', 'client_secret', 'username', 'password', 'grant_type'] as const;

/** Errors of RFC 6749 section 5.2; their texts reveal nothing of the request. */
export const refusals = {
  wrongClient: {
    error: 'invalid_client',
    error_description: 'Invalid client or Invalid client credentials',
  },
  wrongUser: { error: 'invalid_grant', error_description: 'Invalid user credentials' },
  incomplete: {
    error: 'invalid_request',
    error_description: `Each of ${fields.join(', ')} is needed, and none may be too long`,
  },
  unsupportedGrant: {
    error: 'unsupported_grant_type',
    error_description: `The grant type is none of ${grants.join(', ')}`,
  },
  tooMany: {
    error: 'too_many_requests',
    error_description: 'Too many attempts, please try again later',
  },
} as const;
