package dev.outboxrelay.http;

import java.util.LinkedHashSet;
import java.util.Set;

/**
 * The connections that are open, those first that have been idle longest. So a client that opens
 * connections and says nothing takes them from itself, and not from others. Lives on the event
 * loop.
 */
final class OpenConnections {
  private final int limit;
  private final Set<HttpConnection> open = new LinkedHashSet<>();

  OpenConnections(int limit) {
    this.limit = limit;
  }

  /** Takes a connection in, at the cost of another if need be, or refuses it. */
  boolean admit(HttpConnection connection) {
    if (open.size() >= limit && !closeOne()) {
      return false;
    }
    open.add(connection);
    return true;
  }

  private boolean closeOne() {
    for (HttpConnection each : open) {
      if (!each.isAnswering()) {
        open.remove(each);
        each.close();
        return true;
      }
    }
    return false;
  }

  /** It was of use just now. */
  void touch(HttpConnection connection) {
    if (open.remove(connection)) {
      open.add(connection);
    }
  }

  void remove(HttpConnection connection) {
    open.remove(connection);
  }

  int count() {
    return open.size();
  }
}
