// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.http;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Which path gives what. Read only: GET and HEAD. */
public final class HttpRoutes {

  /** What one path gives. */
  record Route(Supplier<HttpReply> reply, boolean mayBlock) {}

  private final Map<String, Route> routes = new LinkedHashMap<>();

  /** A path whose reply is there at once: it is made on the thread that serves connections. */
  public HttpRoutes get(String path, Supplier<HttpReply> reply) {
    routes.put(path, new Route(reply, false));
    return this;
  }

  /** A path whose reply may take a while: it is made on a thread beside. */
  public HttpRoutes getSlowly(String path, Supplier<HttpReply> reply) {
    routes.put(path, new Route(reply, true));
    return this;
  }

  @Nullable Route find(String path) {
    return routes.get(path);
  }
}
