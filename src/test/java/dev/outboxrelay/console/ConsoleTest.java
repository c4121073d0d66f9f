// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.console;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outboxrelay.operate.Row;
import dev.outboxrelay.testing.Await;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** What the console answers to whom, and what it must not answer. */
final class ConsoleTest {
  private static final String ANNA = "anna-has-a-token-of-her-own-4711";
  private static final String OTTO = "otto-may-only-look-at-it-08150815";
  private static final List<String> READS =
      List.of(
          "/api/me",
          "/api/failed",
          "/api/count",
          "/api/payload?id=1",
          "/api/explain?id=1",
          "/api/captures",
          "/api/replays",
          "/api/doctor",
          "/api/history",
          "/api/deeds",
          "/api/events");
  private static final List<String> WRITES =
      List.of(
          "/api/requeue",
          "/api/discard",
          "/api/stop",
          "/api/pause",
          "/api/resume",
          "/api/cancel-replay");

  @TempDir Path directory;
  private final FakeDesk desk = new FakeDesk();
  private final ListAppender<ILoggingEvent> log = new ListAppender<>();
  private final List<Socket> sockets = new ArrayList<>();
  private Console console;
  private Visitor visitor;

  @BeforeEach
  void start() throws IOException {
    log.start();
    Logger logger = (Logger) LoggerFactory.getLogger("dev.outboxrelay.console");
    logger.setLevel(Level.INFO);
    logger.addAppender(log);
    tokens("anna operator " + ANNA, "otto read-only " + OTTO);
    serve(0);
    visitor = new Visitor(console.port());
  }

  private void serve(int port) throws IOException {
    Path tokens = directory.resolve("tokens");
    console =
        Console.start(
            new Console.Settings(
                "127.0.0.1", port, tokens, "https://relay.example.com", "r1", "1", "db"),
            desk,
            new Rates());
  }

  private Path tokens(String... lines) throws IOException {
    return Files.write(directory.resolve("tokens"), List.of(lines));
  }

  @AfterEach
  void stop() throws IOException {
    Logger logger = (Logger) LoggerFactory.getLogger("dev.outboxrelay.console");
    logger.detachAppender(log);
    logger.setLevel(null);
    for (Socket socket : sockets) {
      socket.close();
    }
    desk.steps.release(100);
    console.close();
  }

  private static void assertStatus(int expected, Visitor.Answer answer) throws IOException {
    assertEquals(expected, answer.status(), answer.toString());
    if (expected >= 400) {
      assertFalse(answer.json().path("error").asText().isEmpty(), answer.toString());
      assertFalse(answer.json().path("remedy").asText().isEmpty(), answer.toString());
    }
  }

  @Test
  void visitor_withoutOrWithAWrongTicket_learnsNothing() throws Exception {
    String cookie = visitor.login(ANNA).header("set-cookie").replaceFirst(";.*", "");
    String name = cookie.substring(0, cookie.indexOf('='));
    List<String> forged =
        List.of(
            "",
            name + "=",
            name + "=anna",
            name + "=anna/99999999999/x/y",
            name + "=" + ANNA,
            name + "=" + "/".repeat(5000),
            cookie + "x",
            cookie.substring(0, cookie.length() - 1),
            "x" + cookie);
    for (String each : forged) {
      Visitor stranger = visitor.with("Cookie", each);
      for (String path : READS) {
        assertStatus(401, stranger.get(path));
      }
      for (String path : WRITES) {
        assertStatus(401, stranger.post(path, "{\"destination\":\"shop\"}"));
      }
    }
    assertEquals(List.of(), desk.done);
    assertEquals(0, desk.looks.get());
  }

  @Test
  void token_wrongInWhateverWay_isRefusedAndTheTriesAreBounded() throws Exception {
    for (String wrong : List.of("x", ANNA + "x", ANNA.substring(1), "anna", "y".repeat(5000))) {
      assertTrue(visitor.login(wrong).status() >= 400, wrong);
    }
    for (int n = 0; n < Attempts.BURST; n++) {
      visitor.login("wrong");
    }
    Visitor.Answer answer = visitor.login("wrong");
    assertStatus(429, answer);
    assertEquals("6", answer.header("retry-after"));
    long lines = log.list.stream().filter(e -> e.getMessage().contains("wrong token")).count();
    assertTrue(lines <= Attempts.BURST, lines + " lines of the log");
    assertTrue(log.list.stream().noneMatch(e -> e.getFormattedMessage().contains(ANNA)));
  }

  /** All who come by one proxy have its address. */
  @Test
  void token_rightAfterManyWrongOnesFromTheSameAddress_letsIn() throws Exception {
    for (int n = 0; n <= Attempts.BURST; n++) {
      visitor.login("wrong");
    }
    assertStatus(200, visitor.login(ANNA));
    assertStatus(200, visitor.in(OTTO).get("/api/me"));
  }

  /** Between this and the database half a character becomes a question mark: another message's. */
  @Test
  void text_thatIsNone_isRefusedInWhateverField() throws Exception {
    Visitor in = visitor.in(ANNA);
    for (String none : List.of("\\ud800", "a\\udc00b", "\\udc00\\ud800", "\\u0000")) {
      for (String field : List.of("destination", "table", "key", "error", "since", "until")) {
        for (String path : List.of("/api/requeue", "/api/discard")) {
          assertStatus(400, in.post(path, "{\"all\":true,\"" + field + "\":\"" + none + "\"}"));
        }
      }
      for (String path : List.of("/api/pause", "/api/resume")) {
        assertStatus(400, in.post(path, "{\"destination\":\"" + none + "\"}"));
      }
      assertStatus(400, in.post("/api/discard", "{\"ids\":[\"1" + none + "\"]}"));
      assertStatus(400, visitor.post("/api/login", "{\"token\":\"" + none + "\"}"));
    }
    assertStatus(200, in.post("/api/pause", "{\"destination\":\"\\ud83d\\ude00 \u05e9\u05dc\"}"));
    assertEquals(List.of("pause \ud83d\ude00 \u05e9\u05dc"), desk.done);
  }

  @Test
  void replay_cancelledByAnOperator_isShownSoAtOnceAndNoted() throws Exception {
    desk.replays = List.of(FakeDesk.replay(7, "shop"));
    Visitor operator = visitor.in(ANNA);
    JsonNode before = operator.get("/api/replays").json().get("replays").get(0);
    assertTrue(before.get("moves").asBoolean(), before.toString());
    for (String wrong : List.of("{}", "{\"id\":7}", "{\"id\":\"x\"}", "{\"id\":\"0\"}")) {
      assertStatus(400, operator.post("/api/cancel-replay", wrong));
    }
    assertStatus(403, visitor.in(OTTO).post("/api/cancel-replay", "{\"id\":\"7\"}"));
    assertEquals(List.of(), desk.done);
    assertStatus(200, operator.post("/api/cancel-replay", "{\"id\":\"7\"}"));
    assertEquals(List.of("cancel replay 7"), desk.done);
    JsonNode after = visitor.in(OTTO).get("/api/replays").json().get("replays").get(0);
    assertEquals("relay", after.get("cancelled_by").asText());
    assertTrue(
        log.list.stream().anyMatch(e -> e.getFormattedMessage().endsWith("cancels replay 7")));
  }

  @Test
  void query_thatCanBeReadInTwoWays_isRefused() throws Exception {
    Visitor in = visitor.in(ANNA);
    for (String query :
        List.of(
            "key=%zz",
            "key=%",
            "key=%4",
            "key=%ff",
            "key=%c3",
            "key=%ed%a0%80",
            "key=%c0%80",
            "key=a%00b",
            "key=%00",
            "%00=a",
            "key=a&key=b",
            "key=a&key=a",
            "key=a&%6bey=b",
            "key=\u00e9",
            "=a")) {
      for (String path : List.of("/api/failed", "/api/count")) {
        assertStatus(400, in.get(path + "?" + query));
      }
      assertStatus(400, in.get("/api/explain?id=1&" + query));
    }
    for (String path : READS) {
      if (!path.contains("?") && !path.equals("/api/events")) {
        assertStatus(400, in.get(path + "?unknown=1"));
      }
    }
    assertEquals(
        "what is asked for is malformed: two hexadecimal digits must follow each '%'",
        in.get("/api/failed?key=%zz").json().path("error").asText());
    assertStatus(400, in.get("/api/m%00e"));
    assertStatus(400, in.get("/api/m%zze"));
    assertStatus(200, in.get("/api/failed?key=a%2Bb+%c3%a9%f0%9f%98%80&error=%25"));
  }

  @Test
  void action_thatFails_isLoggedWithWhatWasAskedFor() throws Exception {
    Visitor in = visitor.in(ANNA);
    desk.problem = new Problem(503, "the connection broke", "wait");
    assertStatus(503, in.post("/api/discard", "{\"ids\":[\"1042-abc\",\"7\"]}"));
    assertStatus(503, in.post("/api/pause", "{\"destination\":\"shop\"}"));
    assertStatus(503, in.post("/api/requeue", "{\"all\":true,\"key\":\"k\"}"));
    String all = String.join("\n", lines());
    assertTrue(all.contains("anna (operator, 127.0.0.1) tried to discard 2 messages"), all);
    assertTrue(all.contains("the connection broke"), all);
    assertTrue(all.contains("1042-abc, 7"), all);
    assertTrue(all.contains("tried to pause 'shop'"), all);
    assertTrue(all.contains("tried to requeue all failed messages of key 'k'"), all);
  }

  @Test
  void action_onAThousand_isLoggedWithEachOfThem() throws Exception {
    List<String> ids = IntStream.range(0, 1000).mapToObj(n -> (100_000 + n) + "-hoe2fla2").toList();
    String body = ids.stream().collect(Collectors.joining("\",\"", "{\"ids\":[\"", "\"]}"));
    assertStatus(200, visitor.in(ANNA).post("/api/discard", body));
    List<String> lines = lines().stream().filter(line -> line.contains("hoe2fla2")).toList();
    assertTrue(lines.stream().allMatch(line -> line.length() <= 1200), lines.toString());
    assertTrue(lines.get(0).contains("discarded 1000 of 1000 messages"), lines.get(0));
    assertEquals(ids, lines.stream().flatMap(ConsoleTest::ids).toList());
  }

  private static Stream<String> ids(String line) {
    return Pattern.compile("[0-9]+-hoe2fla2\\b").matcher(line).results().map(MatchResult::group);
  }

  private List<String> lines() {
    return List.copyOf(log.list).stream().map(ILoggingEvent::getFormattedMessage).toList();
  }

  private void awaitLine(String words) throws Exception {
    Await.until(words, () -> lines().stream().anyMatch(line -> line.contains(words)));
  }

  @Test
  void work_onAConditionOfAnyLength_isLoggedWithAllOfIt() throws Exception {
    String key = "k".repeat(3990) + "' or 1=1";
    assertStatus(
        200, visitor.in(ANNA).post("/api/discard", "{\"all\":true,\"key\":\"" + key + "\"}"));
    long letters =
        lines().stream().flatMapToInt(String::chars).filter(letter -> letter == 'k').count();
    assertTrue(letters >= 3990, letters + " letters of the condition");
  }

  @Test
  void work_whenTheRelayEnds_isLoggedWithHowFarItHasCome() throws Exception {
    assertStatus(200, visitor.in(ANNA).post("/api/discard", "{\"all\":true}"));
    desk.steps.release(1);
    Await.until("a step", () -> desk.steps.availablePermits() == 0);
    console.close();
    awaitLine("cut short by the relay's end");
    assertEquals(1, lines().stream().filter(line -> line.contains("of 3000")).count());
  }

  @Test
  void work_ofSomebodyWhoMayNoMore_stopsAtItsNextStep() throws Exception {
    for (String after :
        List.of("anna read-only " + ANNA, "anna operator another-token-of-hers-17")) {
      tokens("anna operator " + ANNA, "otto read-only " + OTTO);
      Await.until("in", () -> visitor.login(ANNA).body().contains("operator"));
      Visitor in = visitor.in(ANNA);
      assertStatus(200, in.post("/api/discard", "{\"all\":true}"));
      tokens(after, "otto read-only " + OTTO);
      Await.until("out", () -> in.get("/api/me").status() == 401);
      desk.steps.release(1);
      awaitLine("discarded 1000 of 3000 failed messages of all destinations: stopped");
      awaitLine("anna may do this no more");
      log.list.clear();
    }
    assertEquals(List.of(), desk.done);
  }

  /** Logging out does not end what was begun. */
  @Test
  void work_ofSomebodyWhoHasLoggedOut_goesOn() throws Exception {
    Visitor in = visitor.in(ANNA);
    assertStatus(200, in.post("/api/discard", "{\"all\":true}"));
    assertStatus(200, in.post("/api/logout", "{}"));
    desk.steps.release(4);
    Await.until("done", () -> desk.done.equals(List.of("DISCARD all")));
  }

  @Test
  void ticket_givenBackBeforeARestart_isWorthNothingAfterIt() throws Exception {
    String cookie = visitor.login(ANNA).header("set-cookie").replaceFirst(";.*", "");
    assertStatus(200, visitor.with("Cookie", cookie).post("/api/logout", "{}"));
    console.close();
    serve(0);
    Visitor after = new Visitor(console.port());
    String ticket = cookie.substring(cookie.indexOf('='));
    String same = "outbox_relay_console_" + console.port() + ticket;
    assertStatus(401, after.with("Cookie", same).get("/api/me"));
    assertStatus(200, after.in(ANNA).get("/api/me"));
  }

  @Test
  void tokens_thatOthersMayRead_areWarnedOf() throws Exception {
    Path file = directory.resolve("tokens");
    log.list.clear();
    for (String mine : List.of("rw-------", "rw-r-----", "r--r-----")) {
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mine));
      TokenFile.open(file, System::nanoTime);
    }
    assertEquals("", warnings());
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    TokenFile.open(file, System::nanoTime);
    assertTrue(warnings().contains("chmod o-rwx " + file), warnings());
    Visitor in = visitor.in(ANNA);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw--w----"));
    Await.until(
        "warned",
        () -> in.get("/api/me").status() == 200 && warnings().contains("chmod g-w,o-rwx"));
  }

  private String warnings() {
    return List.copyOf(log.list).stream()
        .filter(event -> event.getLevel() == Level.WARN)
        .map(ILoggingEvent::getFormattedMessage)
        .collect(Collectors.joining("\n"));
  }

  @Test
  void request_underAnotherName_isRefused() throws Exception {
    Visitor in = visitor.in(ANNA);
    for (String host :
        List.of("evil.example.com", "127.0.0.1", "127.0.0.1:1", "evil.example.com:80", "x")) {
      for (String path : List.of("/", "/app.js", "/api/me", "/api/events")) {
        assertStatus(421, in.with("Host", host).get(path));
      }
      assertStatus(421, in.with("Host", host).post("/api/pause", "{\"destination\":\"shop\"}"));
    }
    assertEquals(List.of(), desk.done);
    for (String host : List.of("localhost:" + console.port(), "RELAY.example.com")) {
      assertStatus(200, in.with("Host", host).get("/api/me"));
    }
  }

  @Test
  void write_fromAnotherPage_isRefused() throws Exception {
    Visitor in = visitor.in(ANNA);
    String pause = "{\"destination\":\"shop\"}";
    String port = ":" + console.port();
    for (String origin :
        new String[] {
          null,
          "null",
          "http://evil.example.com",
          "https://127.0.0.1" + port,
          "http://127.0.0.1:1",
          "http://127.0.0.1" + port + ".evil.example.com",
          "http://relay.example.com"
        }) {
      assertStatus(403, in.with("Origin", origin).post("/api/pause", pause));
      assertStatus(403, visitor.with("Origin", origin).login(ANNA));
    }
    for (String site : List.of("cross-site", "same-site")) {
      assertStatus(403, in.with("Sec-Fetch-Site", site).post("/api/pause", pause));
      assertStatus(403, in.with("Sec-Fetch-Site", site).get("/api/me"));
    }
    assertStatus(403, in.with("Origin", "http://evil.example.com").get("/api/failed"));
    for (String type :
        new String[] {
          null,
          "text/plain",
          "application/x-www-form-urlencoded",
          "multipart/form-data",
          "text/plain; application/json"
        }) {
      assertStatus(415, in.with("Content-Type", type).post("/api/pause", pause));
    }
    assertEquals(List.of(), desk.done);
    assertStatus(200, in.with("Origin", null).get("/api/me"));
    assertStatus(200, in.with("Origin", "https://relay.example.com").post("/api/pause", pause));
    assertEquals(List.of("pause shop"), desk.done);
  }

  @Test
  void method_thatIsNotForThePath_changesNothing() throws Exception {
    Visitor in = visitor.in(ANNA);
    for (String path : WRITES) {
      for (String method : List.of("GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH")) {
        assertEquals(405, in.ask(method, path + "?destination=shop", null).status());
      }
    }
    for (String path : List.of("/", "/api/me", "/api/events")) {
      assertStatus(405, in.post(path, "{}"));
    }
    for (String path : List.of("/../pom.xml", "/%2e%2e/x", "/console/app.js", "/api/", "//")) {
      assertStatus(404, in.get(path));
    }
    assertEquals(List.of(), desk.done);
  }

  @Test
  void role_readOnly_looksAndDoesNotAct() throws Exception {
    Visitor in = visitor.in(OTTO);
    for (String path : READS) {
      if (!path.equals("/api/events") && !path.startsWith("/api/payload")) {
        assertStatus(200, in.get(path));
      }
    }
    for (String path : WRITES) {
      Visitor.Answer answer = in.post(path, "{\"destination\":\"shop\",\"all\":true}");
      assertStatus(403, answer);
      assertTrue(answer.body().contains("read-only"), answer.body());
    }
    assertEquals(List.of(), desk.done);
  }

  @Test
  void answer_whicheverItIs_carriesTheHeadersThatProtect() throws Exception {
    List<Visitor.Answer> answers =
        List.of(
            visitor.get("/"),
            visitor.get("/app.js"),
            visitor.get("/nothing"),
            visitor.get("/api/me"),
            visitor.with("Host", "evil").get("/"),
            visitor.in(ANNA).get("/api/me"));
    for (Visitor.Answer answer : answers) {
      String policy = answer.header("content-security-policy");
      assertTrue(policy.contains("default-src 'none'"), answer.toString());
      assertTrue(policy.contains("frame-ancestors 'none'"), policy);
      assertFalse(policy.contains("unsafe"), policy);
      assertEquals("nosniff", answer.header("x-content-type-options"));
      assertEquals("DENY", answer.header("x-frame-options"));
      assertEquals("no-store", answer.header("cache-control"));
      assertEquals("no-referrer", answer.header("referrer-policy"));
      assertEquals("", answer.header("access-control-allow-origin"));
    }
    String cookie = visitor.login(ANNA).header("set-cookie");
    assertTrue(cookie.contains("; HttpOnly; SameSite=Strict; Secure"), cookie);
    assertTrue(cookie.startsWith("outbox_relay_console_" + console.port() + "="), cookie);
    assertFalse(cookie.contains(ANNA), cookie);
  }

  /** The page asks nobody else, and nothing in it runs but its own files. */
  @Test
  void page_allOfIt_namesNoOtherPlace() throws Exception {
    List<Path> files;
    try (Stream<Path> all = Files.list(Path.of("src/main/resources/console"))) {
      files = all.toList();
    }
    for (Path file : files) {
      String text = Files.readString(file).replace("http://www.w3.org/2000/svg", "");
      assertFalse(text.matches("(?s).*(https?:)?//[a-z0-9.-]+\\.[a-z].*"), file.toString());
      assertFalse(
          text.matches("(?s).*(innerHTML|outerHTML|insertAdjacentHTML|document\\.write|eval\\().*"),
          file.toString());
      Visitor.Answer answer = visitor.get("/" + file.getFileName());
      assertEquals(200, answer.status(), file + " is served");
    }
    String html = Files.readString(Path.of("src/main/resources/console/index.html"));
    assertFalse(html.matches("(?s).*<(style|script)>.*| on[a-z]+=.*| style=.*"), html);
  }

  @Test
  void ticket_givenBackOrOfATokenTakenAway_isWorthNothing() throws Exception {
    Visitor anna = visitor.in(ANNA);
    Visitor otto = visitor.in(OTTO);
    Visitor.Answer out = anna.post("/api/logout", "{}");
    assertStatus(200, out);
    assertTrue(out.header("set-cookie").contains("=; Path=/; Max-Age=0;"), out.toString());
    assertStatus(401, anna.get("/api/me"));
    tokens("anna operator " + ANNA, "otto operator " + OTTO);
    Await.until("another role is another ticket", () -> otto.get("/api/me").status() == 401);
    Visitor again = visitor.in(OTTO);
    assertEquals("operator", again.get("/api/me").json().path("role").asText());
    tokens("nonsense");
    Await.until("nobody is in", () -> again.get("/api/me").status() == 401);
    assertTrue(
        log.list.stream().anyMatch(e -> e.getFormattedMessage().contains("nobody is let in")));
  }

  @Test
  void body_thatIsNotWhatIsAskedFor_isRefusedWithWordsForIt() throws Exception {
    Visitor in = visitor.in(ANNA);
    for (String body :
        List.of(
            "",
            "[]",
            "{",
            "{} x",
            "{\"ids\":[]}",
            "{\"ids\":\"1\"}",
            "{\"ids\":[\"1; drop table x\"]}",
            "{\"ids\":[" + "1,".repeat(1000) + "1]}",
            "{\"all\":\"true\"}",
            "{\"all\":true,\"all\":false}",
            "{\"all\":true,\"destinatoin\":\"shop\"}",
            "{\"all\":true,\"since\":\"yesterday\"}",
            "{\"all\":true,\"error\":7}",
            "{\"all\":true,\"error\":\"" + "x".repeat(5000) + "\"}",
            "{\"all\":true,\"key\":\"a\\u0000b\"}",
            "[".repeat(20_000))) {
      assertStatus(400, in.post("/api/requeue", body));
    }
    assertTrue(in.post("/api/requeue", "{\"all\":\"true\"}").body().contains("'all' is no yes"));
    assertEquals(413, in.post("/api/requeue", "x".repeat(70_000)).status());
    assertStatus(400, in.get("/api/explain?id=%27%20or%201=1"));
    assertStatus(400, in.get("/api/failed?until=2026-01-01T00:00:00Z&since=2026-01-02T00:00:00Z"));
    assertStatus(404, in.get("/api/payload?id=1"));
    desk.problem = new Problem(503, "the database is away", "wait");
    assertStatus(503, in.get("/api/failed"));
    assertEquals(List.of(), desk.done);
  }

  @Test
  void action_ofAPerson_isToldWithTheNameAndStaysALine() throws Exception {
    Visitor in = visitor.in(ANNA);
    assertStatus(200, in.post("/api/pause", "{\"destination\":\"a\\n2026 INFO forged\\u202e\"}"));
    assertStatus(200, in.post("/api/requeue", "{\"ids\":[\"1042-abc\",\"7\"]}"));
    List<String> lines = log.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
    assertTrue(
        lines.stream()
            .anyMatch(
                l ->
                    l.equals(
                        "console: anna (operator, 127.0.0.1) requeued 2 of 2 messages:"
                            + " 1042-abc, 7")),
        lines.toString());
    assertTrue(lines.stream().noneMatch(l -> l.contains("\n") || l.contains("\u202e")));
    JsonNode deeds = in.get("/api/deeds").json().path("deeds");
    assertEquals("anna", deeds.path(0).path("by").asText());
    assertEquals(2, deeds.size());
  }

  private JsonNode next(BufferedReader stream) throws IOException {
    while (true) {
      String line = stream.readLine();
      if (line == null) {
        throw new IOException("the stream has ended");
      }
      if (line.startsWith("data: ")) {
        return new ObjectMapper().readTree(line.substring(6));
      }
    }
  }

  private BufferedReader events(Visitor in) throws IOException {
    Socket socket = in.send("GET", "/api/events", null);
    sockets.add(socket);
    return new BufferedReader(
        new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
  }

  @Test
  void work_onAllThatMatch_isOneAtATimeAndAllPagesSeeIt() throws Exception {
    Visitor in = visitor.in(ANNA);
    BufferedReader page = events(visitor.in(OTTO));
    assertTrue(next(page).path("full").asBoolean());
    assertStatus(200, in.post("/api/requeue", "{\"all\":true,\"error\":\"no such\"}"));
    assertStatus(409, in.post("/api/discard", "{\"all\":true}"));
    desk.steps.release(1);
    JsonNode work = next(page).path("work");
    while (work.path("done").asLong() < 1000) {
      work = next(page).path("work");
    }
    assertEquals("running", work.path("state").asText());
    assertEquals("error 'no such'", work.path("which").asText());
    assertEquals(3000, work.path("matching").asLong());
    desk.steps.release(2);
    while (!work.path("state").asText().equals("done")) {
      work = next(page).path("work");
    }
    assertEquals(3000, work.path("done").asLong());
    assertEquals("anna", work.path("by").asText());
    assertEquals(List.of("REQUEUE all"), desk.done);
    assertStatus(409, in.post("/api/stop", "{}"));
    assertStatus(200, in.post("/api/discard", "{\"all\":true}"));
    assertStatus(200, in.post("/api/stop", "{}"));
    desk.steps.release(1);
    while (!work.path("state").asText().equals("stopped")) {
      work = next(page).path("work");
    }
    assertEquals(List.of("REQUEUE all"), desk.done);
  }

  @Test
  void pages_aThousandOpen_shareOneLook() throws Exception {
    desk.destinations = List.of(FakeDesk.destination("shop"), FakeDesk.destination("crm"));
    Visitor in = visitor.in(OTTO);
    long startNanos = System.nanoTime();
    List<BufferedReader> pages = new ArrayList<>();
    for (int n = 0; n < 1000; n++) {
      pages.add(events(in));
    }
    for (BufferedReader page : pages) {
      JsonNode whole = next(page);
      assertTrue(whole.path("full").asBoolean());
      assertEquals(2, whole.path("destinations").size());
    }
    desk.destinations =
        List.of(FakeDesk.destination("shop").with("pending", 5L), FakeDesk.destination("web"));
    for (BufferedReader page : pages) {
      JsonNode change = next(page);
      assertEquals(List.of("crm"), List.of(change.path("gone").path(0).asText()));
      assertEquals(2, change.path("destinations").size());
    }
    long most = (System.nanoTime() - startNanos) / 2_000_000_000L + 2;
    assertTrue(desk.looks.get() <= most, desk.looks + " looks, at most " + most);
    for (Socket socket : sockets) {
      socket.close();
    }
  }

  @Test
  void pages_none_costTheDatabaseNothing() throws Exception {
    visitor.in(ANNA).get("/api/history");
    assertEquals(0, desk.looks.get());
  }

  @Test
  void database_away_isToldAndThenTakenBack() throws Exception {
    desk.problem = new Problem(503, "the database is away", "wait");
    BufferedReader page = events(visitor.in(OTTO));
    JsonNode told = next(page);
    assertEquals("the database is away", told.path("trouble").path("error").asText());
    desk.problem = null;
    desk.destinations = List.of(Row.of("destination", "shop"));
    while (!told.path("trouble").isNull()) {
      told = next(page);
    }
    assertEquals("shop", told.path("destinations").path(0).path("destination").asText());
  }
}
