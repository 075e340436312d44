// What can go wrong between page and server, in words that say what to do.
import { t } from './language.js';

/** kind: offline, key, missing, too_large, busy, storage, request, server */
export class ApiError extends Error {
  constructor(kind, message, status = 0) {
    super(message);
    this.kind = kind;
    this.status = status;
  }
}

const kKinds = { 401: 'key', 403: 'key', 404: 'missing', 413: 'too_large', 429: 'busy', 503: 'busy', 507: 'storage' };

function kind_of(status, message) {
  if (status === 503 && /disk|stor|database|room/i.test(message)) return 'storage';
  return kKinds[status] ?? (status >= 500 ? 'server' : 'request');
}

/** The error that a reply with a bad status stands for. */
export async function error_of(response) {
  let message = '';
  try {
    const body = await response.text();
    message = JSON.parse(body).error?.message ?? body;
  } catch {
    // A proxy's page, or nothing: the status has to do.
  }
  return new ApiError(kind_of(response.status, message), message || `HTTP ${response.status}`, response.status);
}

/** One line for a person. */
export function explain(error) {
  if (error.name === 'AbortError') return t('Stopped.');
  switch (error.kind) {
    case 'offline':
      return t('The server cannot be reached. It is tried again every few seconds; nothing you wrote is lost.');
    case 'key':
      return error.status === 401
        ? t('The server wants a key, or does not know this one.')
        : t('This key may not do that.') + ' ' + error.message;
    case 'too_large':
      return t('That is larger than the server takes.') + ' ' + error.message;
    case 'busy':
      return t('The server is busy or short of memory; try again in a moment.') + ' ' + error.message;
    case 'storage':
      return (
        t('The server has no room left to store this. Delete conversations or free the disk.') + ' ' + error.message
      );
    default:
      return error.message;
  }
}
