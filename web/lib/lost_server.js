// Looks for a server that is away. Nothing else can tell that it is back: an old stream of events may outlive a network.
import { connection, request } from './api.js';

const kRetry = 1500; // milliseconds between two looks

let looking = false;
connection.listen(async () => {
  if (connection.value.online || looking) return;
  looking = true;
  while (!connection.value.online) {
    await new Promise((resolve) => setTimeout(resolve, kRetry));
    await request('/health').catch(() => {});
  }
  looking = false;
});
