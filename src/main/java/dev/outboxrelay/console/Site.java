// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.console;

import dev.outboxrelay.http.HttpPage;
import dev.outboxrelay.http.HttpReply;
import dev.outboxrelay.http.HttpRequest;
import dev.outboxrelay.http.HttpSite;
import dev.outboxrelay.http.HttpStream;
import dev.outboxrelay.operate.Row;
import java.util.LinkedHashMap;
import java.util.Map;

/** Which request gives what, and the headers that every answer has. */
final class Site implements HttpSite {
  /** Nothing from elsewhere, nothing inline, nobody's frame, no text that becomes a script. */
  private static final String POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
          + " connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none';"
          + " require-trusted-types-for 'script'; trusted-types 'none'";

  private static final Map<String, String> HEADERS = headers();

  private static final String LOGIN = "/api/login";
  private static final String LOGOUT = "/api/logout";
  private static final String EVENTS = "/api/events";

  private final Guard guard;
  private final Assets assets;
  private final Api api;
  private final Hub hub;

  Site(Guard guard, Assets assets, Api api, Hub hub) {
    this.guard = guard;
    this.assets = assets;
    this.api = api;
    this.hub = hub;
  }

  private static Map<String, String> headers() {
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("content-security-policy", POLICY);
    headers.put("x-content-type-options", "nosniff");
    headers.put("x-frame-options", "DENY");
    headers.put("referrer-policy", "no-referrer");
    headers.put("cross-origin-opener-policy", "same-origin");
    headers.put("cross-origin-resource-policy", "same-origin");
    headers.put("permissions-policy", "camera=(), geolocation=(), microphone=()");
    return headers;
  }

  @Override
  public HttpPage find(HttpRequest request) {
    HttpReply asset = assets.find(request.path());
    // A login looks at all tokens, and may read their file.
    boolean mayBlock = asset == null;
    return new HttpPage(() -> guarded(request), mayBlock);
  }

  private HttpReply guarded(HttpRequest request) {
    HttpReply reply;
    try {
      reply = answer(request);
    } catch (Problem e) {
      reply = problem(e);
    }
    for (Map.Entry<String, String> header : HEADERS.entrySet()) {
      reply = reply.with(header.getKey(), header.getValue());
    }
    return reply;
  }

  private static HttpReply problem(Problem e) {
    HttpReply reply = Api.json(e.status(), Row.of("error", e.words(), "remedy", e.remedy()));
    return e.status() == 429
        ? reply
            .with("retry-after", Long.toString(Attempts.ONE_EACH.toSeconds()))
            .after(Attempts.HELD_BACK)
        : reply;
  }

  private HttpReply answer(HttpRequest request) {
    guard.mustBeForUs(request);
    if (request.fault() != null) {
      throw new Problem(
          400, "what is asked for is malformed: " + request.fault(), "use the console's own page");
    }
    String path = request.path();
    HttpReply asset = assets.find(path);
    boolean write = path.equals(LOGIN) || path.equals(LOGOUT) || api.isWrite(path);
    boolean read = asset != null || path.equals(EVENTS) || api.isRead(path);
    if (!write && !read) {
      throw new Problem(404, "there is no '" + path + "'", "the console's page is at /");
    }
    if (write ? !request.method().equals("POST") : !request.isRead()) {
      throw new Problem(
          405, request.method() + " is not for '" + path + "'", "use " + (write ? "POST" : "GET"));
    }
    if (asset != null) {
      return asset;
    }
    guard.mustBeOurPage(request);
    return path.equals(LOGIN) ? login(request) : known(request, guard.person(request));
  }

  private HttpReply login(HttpRequest request) {
    Fields fields = Fields.ofBody(request.body()).only("token");
    Person person = guard.login(fields.text("token").strip(), request.client());
    return Api.json(200, api.me(fields, person)).with("set-cookie", guard.cookie(person));
  }

  private HttpReply known(HttpRequest request, Person person) {
    String path = request.path();
    if (path.equals(LOGOUT)) {
      guard.logout(person);
      return Api.json(200, Row.of()).with("set-cookie", guard.noCookie());
    }
    if (path.equals(EVENTS)) {
      return events(person);
    }
    return api.isWrite(path)
        ? api.write(path, Fields.ofBody(request.body()), person)
        : api.read(path, Fields.ofQuery(request.query()), person);
  }

  private HttpReply events(Person person) {
    if (!hub.hasRoom(person)) {
      throw new Problem(
          503, Hub.MOST + " pages are open already", "close some, then load the page again");
    }
    return HttpReply.streaming(
        "text/event-stream", (HttpStream stream) -> hub.open(stream, person));
  }
}
