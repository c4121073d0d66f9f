// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.outboxrelay.testing.Await;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;

/** What clients send that mean no good, or stop in the middle. */
final class HttpServerTest {
  private static final int READ_MILLIS = 20_000;
  private static final Duration LONG = Duration.ofMinutes(5);
  private static final Duration SHORT = Duration.ofMillis(200);
  private static final int CONNECTIONS = 8;
  private static final String GET_LIVE = "GET /live HTTP/1.1\r\nHost: x\r\n\r\n";

  private final CountDownLatch slowMayEnd = new CountDownLatch(1);
  private final List<Socket> sockets = new ArrayList<>();
  private HttpServer server;

  private void serve(HttpLimits limits) throws IOException {
    HttpRoutes routes =
        new HttpRoutes()
            .get("/live", () -> HttpReply.line(200, "live"))
            .get(
                "/broken",
                () -> {
                  throw new NoClassDefFoundError("ours");
                })
            .getSlowly("/slow", this::slow)
            .getSlowly("/large", () -> HttpReply.line(200, "x".repeat(50_000_000)));
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    server = HttpServer.start(any, routes, limits);
  }

  private void serve() throws IOException {
    serve(new HttpLimits(CONNECTIONS, LONG, LONG, LONG));
  }

  private HttpReply slow() {
    try {
      slowMayEnd.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    return HttpReply.line(200, "slow");
  }

  @AfterEach
  void close() throws IOException {
    slowMayEnd.countDown();
    for (Socket socket : sockets) {
      socket.close();
    }
    server.close();
  }

  private Socket say(String text) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
    socket.setSoTimeout(READ_MILLIS);
    sockets.add(socket);
    socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
    return socket;
  }

  /** All that comes until the server closes. */
  private static String all(Socket socket) throws IOException {
    return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  /** One response with a body of one line. */
  private static String response(Socket socket) throws IOException {
    StringBuilder response = new StringBuilder();
    while (!response.toString().matches("(?s).*\r\n\r\n.*\n")) {
      int next = socket.getInputStream().read();
      if (next < 0) {
        throw new IOException("closed after: " + response);
      }
      response.append((char) next);
    }
    return response.toString();
  }

  private void assertLives() throws IOException {
    String response = response(say(GET_LIVE));
    assertTrue(response.startsWith("HTTP/1.1 200 OK\r\n"), response);
    assertTrue(response.endsWith("\r\n\r\nlive\n"), response);
  }

  @Test
  void request_ofWhateverForm_isAnsweredAccordingly() throws Exception {
    serve();
    String long9000 = "x".repeat(9000);
    String[][] dialogues = {
      {"GET /live HTTP/1.0\r\n\r\n", "200"},
      {"GET /live?a=b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "200"},
      {"GET http://x:9/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "200"},
      {"GET /%6cive HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "200"},
      {"GET /nothing HTTP/1.0\r\n\r\n", "404"},
      {"GET /%zz HTTP/1.0\r\n\r\n", "400"},
      {"OPTIONS * HTTP/1.0\r\n\r\n", "404"},
      {"GET /live/ HTTP/1.0\r\n\r\n", "404"},
      {"POST /live HTTP/1.0\r\nContent-Length: 2\r\n\r\n{}", "405"},
      {"DELETE /live HTTP/1.0\r\n\r\n", "405"},
      {"POST /nothing HTTP/1.0\r\nContent-Length: 2\r\n\r\n{}", "404"},
      {"GET /live HTTP/1.1\r\n\r\n", "400"},
      {"GET /live HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", "400"},
      {"GET /live\r\n\r\n", "400"},
      {"hello\r\n\r\n", "400"},
      {"GET /live HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n", "400"},
      {"\u0016\u0003\u0001\u0002\u0000\u0001\u0000\r\n\r\n", "400"},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505"},
      {"GET /live HTTP/1.1\r\nHost: x\r\nX: " + long9000 + "\r\n\r\n", "431"},
      {"GET /live HTTP/1.1\r\nHost: x\r\nX: " + long9000, "431"},
      {"GET /live HTTP/1.1\r\nHost: x\r\nX: " + "x".repeat(300_000), "431"},
      {"GET /" + long9000 + " HTTP/1.1\r\nHost: x\r\n\r\n", "414"},
      {"GET /broken HTTP/1.0\r\n\r\n", "500"},
    };
    for (String[] dialogue : dialogues) {
      String what = dialogue[0].substring(0, Math.min(60, dialogue[0].length()));
      String response = all(say(dialogue[0]));
      assertTrue(response.startsWith("HTTP/1.1 " + dialogue[1] + " "), what + " gave " + response);
      assertTrue(response.contains("\r\ncontent-length: "), what + " gave " + response);
      assertEquals(2, response.split("HTTP/1.1 \\d", -1).length, what + " gave " + response);
    }
    assertTrue(all(say("PUT /live HTTP/1.0\r\n\r\n")).contains("\r\nallow: GET, HEAD\r\n"));
    assertLives();
  }

  @Test
  void request_inPieces_isAnsweredOnceItIsWhole() throws Exception {
    serve();
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
    sockets.add(socket);
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(READ_MILLIS);
    for (char each : GET_LIVE.toCharArray()) {
      socket.getOutputStream().write(each);
      TimeUnit.MILLISECONDS.sleep(2);
    }
    assertTrue(response(socket).endsWith("live\n"));
  }

  @Test
  void head_ofAPage_saysItsLengthAndSendsNoBody() throws Exception {
    serve();
    for (String path : List.of("/live", "/nothing")) {
      Socket socket = say("HEAD " + path + " HTTP/1.1\r\nHost: x\r\n\r\n" + GET_LIVE);
      String both = response(socket) + "";
      String head = both.substring(0, both.indexOf("\r\n\r\n") + 4);
      assertTrue(head.contains("content-length: "), head);
      assertFalse(head.contains("content-length: 0\r\n"), head);
      assertTrue(both.substring(head.length()).startsWith("HTTP/1.1 200 OK"), both);
    }
  }

  @Test
  void body_tooLarge_isRefused() throws Exception {
    serve();
    String response = all(say("GET /live HTTP/1.0\r\nContent-Length: 1000000\r\n\r\n"));
    assertTrue(response.startsWith("HTTP/1.1 413 "), response);
    assertLives();
  }

  @ParameterizedTest
  @CsvSource({"GET /li", "''", "'GET /live HTTP/1.1\r\nHost: x\r\n'"})
  void request_thatDoesNotEnd_endsWithTheTimeForIt(String part) throws Exception {
    serve(new HttpLimits(CONNECTIONS, SHORT, LONG, LONG));
    String response = all(say(part));
    if (part.isEmpty()) {
      assertEquals("", response);
    } else {
      assertTrue(response.startsWith("HTTP/1.1 408 "), response);
    }
  }

  /** Each byte must not give it the time anew. */
  @Test
  void request_thatTrickles_endsWithTheTimeForIt() throws Exception {
    serve(new HttpLimits(CONNECTIONS, SHORT, LONG, LONG));
    Socket socket = say("GET /");
    Thread trickle =
        new Thread(
            () -> {
              try {
                while (true) {
                  socket.getOutputStream().write('x');
                  TimeUnit.MILLISECONDS.sleep(20);
                }
              } catch (IOException | InterruptedException e) {
                return; // closed
              }
            });
    trickle.start();
    String response = response(socket);
    assertTrue(response.startsWith("HTTP/1.1 408 "), response);
    socket.close();
    trickle.join();
  }

  @Test
  void connection_idleAfterARequest_isClosedWithoutAWord() throws Exception {
    serve(new HttpLimits(CONNECTIONS, LONG, LONG, SHORT));
    Socket socket = say(GET_LIVE);
    response(socket);
    assertEquals("", all(socket));
  }

  @Test
  void connections_manyThatSayHalfARequest_keepNobodyOut() throws Exception {
    serve();
    List<Socket> half = new ArrayList<>();
    for (int n = 0; n < 25 * CONNECTIONS; n++) {
      half.add(say("GET /li"));
      if (n % 20 == 0) {
        assertLives();
      }
    }
    assertLives();
    assertTrue(server.connections() <= CONNECTIONS);
    assertEquals("", all(half.get(0)), "the oldest was to be closed");
    // A living connection is not closed for one that says nothing.
    half.get(half.size() - 1).getOutputStream().write("ve HTTP/1.0\r\n\r\n".getBytes("US-ASCII"));
    assertTrue(all(half.get(half.size() - 1)).contains("live"));
  }

  @Test
  void connections_allBeingAnswered_refuseTheNext() throws Exception {
    serve();
    List<Socket> asking = new ArrayList<>();
    for (int n = 0; n < CONNECTIONS; n++) {
      asking.add(say("GET /slow HTTP/1.0\r\n\r\n"));
    }
    Await.until("all are being answered", () -> server.pages() == CONNECTIONS);
    assertTrue(refused());
    slowMayEnd.countDown();
    for (Socket socket : asking) {
      assertTrue(all(socket).endsWith("slow\n"));
    }
    assertLives();
  }

  private boolean refused() {
    try {
      return all(say(GET_LIVE)).isEmpty();
    } catch (IOException e) {
      return true; // reset
    }
  }

  @Test
  void page_thatTakesLong_holdsUpNoOther() throws Exception {
    serve();
    Socket slow = say("GET /slow HTTP/1.0\r\n\r\n");
    assertLives();
    slowMayEnd.countDown();
    assertTrue(all(slow).endsWith("slow\n"));
  }

  @Test
  void page_thatTakesTooLong_isGivenUp() throws Exception {
    serve(new HttpLimits(CONNECTIONS, LONG, SHORT, LONG));
    assertEquals("", all(say("GET /slow HTTP/1.0\r\n\r\n")));
    assertLives();
  }

  @Test
  void client_thatDoesNotReadItsPage_isGivenUp() throws Exception {
    serve(new HttpLimits(CONNECTIONS, LONG, SHORT, LONG));
    say("GET /large HTTP/1.0\r\n\r\n");
    Await.until("there", () -> server.connections() == 1);
    Await.until("given up", () -> server.connections() == 0);
    assertLives();
  }

  @Test
  void requests_sentTogether_areAnsweredInTheirOrder() throws Exception {
    serve();
    Socket socket =
        say(
            "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n"
                + GET_LIVE
                + GET_LIVE
                + "GET /none HTTP/1.0\r\n\r\n");
    slowMayEnd.countDown();
    String all = all(socket);
    assertTrue(
        all.matches("(?s)HTTP.* 200 .*slow\nHTTP.* 200 .*live\nHTTP.* 200 .*live\nHTTP.* 404 .*"),
        all);
  }

  /** As {@code printf … | nc} does. */
  @Test
  void client_thatHasClosedItsSide_isAnsweredAllTheSame() throws Exception {
    serve();
    Socket socket = say("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
    socket.shutdownOutput();
    slowMayEnd.countDown();
    String response = all(socket);
    assertTrue(response.endsWith("slow\n"), response);
  }

  /** Anybody can do that, as often as he likes: the log is for others. */
  @Test
  void client_thatLeavesInTheMiddle_isNoErrorOfOurs() throws Exception {
    Logger log = (Logger) LoggerFactory.getLogger(HttpConnection.class);
    ListAppender<ILoggingEvent> lines = new ListAppender<>();
    lines.start();
    log.addAppender(lines);
    try {
      serve();
      for (String part :
          List.of(
              "GET /li",
              "POST /live HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc",
              "POST /live HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
              "POST /live HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nnone\r\n",
              "POST /live HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n")) {
        say(part).close();
        Await.until("gone", () -> server.connections() == 0);
      }
      assertLives();
    } finally {
      log.detachAppender(lines);
    }
    assertEquals(List.of(), lines.list.stream().filter(e -> e.getLevel() != Level.DEBUG).toList());
  }

  private HttpStream openStream(Socket[] client) throws Exception {
    CompletableFuture<HttpStream> opened = new CompletableFuture<>();
    HttpSite site = request -> HttpPage.now(HttpReply.streaming("text/plain", opened::complete));
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    server = HttpServer.start(any, site, new HttpLimits(CONNECTIONS, SHORT, SHORT, SHORT));
    client[0] = say("GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
    return opened.get(READ_MILLIS, TimeUnit.MILLISECONDS);
  }

  @Test
  void stream_whoseClientReadsNothing_takesOnePieceAndRefusesTheNext() throws Exception {
    Socket[] client = new Socket[1];
    HttpStream stream = openStream(client);
    byte[] large = new byte[30_000_000];
    assertTrue(stream.offer(large));
    assertFalse(stream.offer(new byte[1]));
    stream.end();
    Await.until("gone", () -> server.connections() == 0);
  }

  @Test
  void stream_pastAllTimeLimits_goesOnUntilTheClientLeaves() throws Exception {
    Socket[] client = new Socket[1];
    HttpStream stream = openStream(client);
    CountDownLatch ended = new CountDownLatch(1);
    stream.onEnd(ended::countDown);
    long end = System.nanoTime() + 2 * SHORT.toNanos();
    while (System.nanoTime() < end) {
      Await.until("sent", () -> stream.offer("piece\n".getBytes(StandardCharsets.UTF_8)));
      TimeUnit.MILLISECONDS.sleep(10);
    }
    assertEquals(1, ended.getCount());
    client[0].close();
    assertTrue(ended.await(READ_MILLIS, TimeUnit.MILLISECONDS));
    assertFalse(stream.offer(new byte[1]));
  }

  @Test
  void site_ofItsOwn_seesAllOfARequest() throws Exception {
    HttpSite site =
        request ->
            HttpPage.now(
                HttpReply.line(
                        200,
                        request.method()
                            + ' '
                            + request.path()
                            + ' '
                            + request.query()
                            + ' '
                            + request.header("x-one")
                            + ' '
                            + request.header("x-two")
                            + ' '
                            + new String(request.body(), StandardCharsets.UTF_8))
                    .with("X-Answer", "yes"));
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    server = HttpServer.start(any, site, new HttpLimits(CONNECTIONS, LONG, LONG, LONG, 4, 2));
    String head = "POST /a%20b?q=1&q=2&w=%c3%a4 HTTP/1.0\r\nX-One: 1\r\nX-Two: a\r\nX-Two: b\r\n";
    String answer = all(say(head + "Content-Length: 4\r\n\r\nbody"));
    assertTrue(answer.contains("\r\nX-Answer: yes\r\n"), answer);
    assertTrue(answer.endsWith("POST /a b {q=[1, 2], w=[\u00e4]} 1 null body\n"), answer);
    assertTrue(all(say(head + "Content-Length: 5\r\n\r\nabody")).contains(" 413 "));
  }

  /** Who waits for a wrong token's answer must take nobody's place, nor anybody's thread. */
  @Test
  void answer_thatIsHeldBack_keepsNobodyElseWaiting() throws Exception {
    HttpSite site =
        request ->
            HttpPage.now(
                request.path().equals("/late")
                    ? HttpReply.line(429, "late").after(LONG)
                    : HttpReply.line(200, "now"));
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    server = HttpServer.start(any, site, new HttpLimits(CONNECTIONS, LONG, LONG, LONG, 4, 2));
    List<Socket> late = new ArrayList<>();
    for (int n = 0; n < CONNECTIONS; n++) {
      late.add(say("GET /late HTTP/1.0\r\n\r\n"));
    }
    Await.until("taken in", () -> all(say("GET / HTTP/1.0\r\n\r\n")).contains(" 200 "));
    for (Socket each : late) {
      each.close();
    }
  }
}
