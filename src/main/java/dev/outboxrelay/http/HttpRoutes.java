// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.http;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;

/** Which path gives what. Read only: GET and HEAD. */
public final class HttpRoutes implements HttpSite {
  private final Map<String, HttpPage> routes = new LinkedHashMap<>();

  /** A path whose reply is there at once: it is made on the thread that serves connections. */
  public HttpRoutes get(String path, Supplier<HttpReply> reply) {
    routes.put(path, new HttpPage(reply, false));
    return this;
  }

  /** A path whose reply may take a while: it is made on a thread beside. */
  public HttpRoutes getSlowly(String path, Supplier<HttpReply> reply) {
    routes.put(path, new HttpPage(reply, true));
    return this;
  }

  @Override
  public HttpPage find(HttpRequest request) {
    if (request.fault() != null) {
      return HttpPage.now(
          HttpReply.line(400, "what is asked for is malformed: " + request.fault()));
    }
    HttpPage page = routes.get(request.path());
    if (page == null) {
      return HttpPage.now(HttpReply.line(404, "not found"));
    }
    if (!request.isRead()) {
      return HttpPage.now(
          HttpReply.line(405, "only GET and HEAD are served here").with("allow", "GET, HEAD"));
    }
    return page;
  }
}
