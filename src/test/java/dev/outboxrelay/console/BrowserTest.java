// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.console;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outboxrelay.operate.Row;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.Ports;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** The page as a person has it: in a browser, by keyboard, wide and narrow, light and dark. */
final class BrowserTest {
  private static final String ANNA = "anna-has-a-token-of-her-own-4711";
  private static final String OTTO = "otto-may-only-look-at-it-08150815";
  private static final int WIDE = 1200;
  private static final int NARROW = 390;

  /** Where pictures go; docs holds those that the pages show. */
  private static final Path PICTURES =
      Path.of(System.getProperty("console.pictures", "target/console"));

  @TempDir(cleanup = CleanupMode.NEVER)
  static Path profile;

  private static Chromium chromium;

  @TempDir Path directory;
  private final FakeDesk desk = new FakeDesk();
  private final AtomicLong aheadNanos = new AtomicLong();
  private final Rates rates = new Rates(() -> System.nanoTime() + aheadNanos.get());
  private Console console;

  @BeforeAll
  static void launch() throws Exception {
    Optional<Path> program = Chromium.find();
    if (program.isEmpty()) {
      String words = "no Chromium on this machine: THE CONSOLE IS NOT TESTED IN A BROWSER";
      LoggerFactory.getLogger(BrowserTest.class).error(words);
      Assumptions.abort(words);
    }
    chromium = Chromium.start(program.get(), profile);
  }

  @AfterAll
  static void quit() {
    if (chromium != null) {
      chromium.close();
    }
  }

  @BeforeEach
  void start() throws Exception {
    serve(Ports.free());
    chromium.asked.clear();
    chromium.complaints.clear();
    chromium.look(WIDE, 800, false);
  }

  private void serve(int port) throws IOException {
    Path tokens =
        Files.write(
            directory.resolve("tokens"),
            List.of("anna operator " + ANNA, "otto read-only " + OTTO));
    console =
        Console.start(
            new Console.Settings(
                "127.0.0.1", port, tokens, null, "relay-1", "1", "db.example.com:5432/shop"),
            desk,
            rates);
  }

  private boolean canServe(int port) {
    try {
      serve(port);
      return true;
    } catch (IOException e) {
      return false; // the one before is closing
    }
  }

  @AfterEach
  void stop() throws Exception {
    chromium.open("about:blank");
    desk.steps.release(100);
    console.close();
    assertEquals(List.of(), chromium.complaints);
    String own = "http://127.0.0.1:" + console.port() + "/";
    assertEquals(
        List.of(),
        chromium.asked.stream()
            .filter(
                url ->
                    !url.startsWith(own) && !url.startsWith("about:") && !url.startsWith("data:"))
            .toList());
  }

  private static void await(String what, String expression) throws Exception {
    try {
      Await.until(what, () -> chromium.is(expression));
    } catch (AssertionError e) {
      String text = chromium.value("document.body.innerText").asText();
      throw new AssertionError(e.getMessage() + " in: " + text + chromium.complaints, e);
    }
  }

  private static String quoted(String text) throws IOException {
    return new ObjectMapper().writeValueAsString(text);
  }

  private static String text() throws Exception {
    return chromium.value("document.body.innerText").asText();
  }

  private static void awaitText(String text) throws Exception {
    await(text, "document.body.innerText.includes(" + quoted(text) + ")");
  }

  /** Presses what has these words, or is called so. */
  private static void click(String words) throws Exception {
    String find =
        "[...document.querySelectorAll('dialog[open] button, button, a')].find(e =>"
            + " e.offsetParent && (e.getAttribute('aria-label') ?? e.innerText).trim() === "
            + quoted(words)
            + ")";
    await("'" + words + "' is there", find);
    chromium.value(find + ".click()");
  }

  private void login(String token) throws Exception {
    chromium.open("http://127.0.0.1:" + console.port() + "/");
    await("the form", "document.activeElement?.id === 'token'");
    chromium.type(token);
    chromium.press("Enter");
    await("in", "!document.getElementById('views').hidden");
  }

  private void view(String hash) throws Exception {
    String name = hash.replaceFirst("[?].*", "");
    chromium.value("location.hash = " + quoted(hash));
    await(hash, "document.querySelector('nav a[aria-current]')?.hash === " + quoted("#" + name));
  }

  private static Row well(String name, long owed) {
    return FakeDesk.destination(name)
        .with("pending", owed)
        .with("owed_bytes", owed * 310)
        .with("oldest_at", owed == 0 ? null : Instant.now().minusSeconds(4));
  }

  private void aDay() {
    String down = "connection refused: 10.1.7.12:9000";
    desk.destinations =
        List.of(
            well("audit", 0),
            FakeDesk.destination("billing")
                .with("uri", "tls://billing.example.com:9443")
                .with("pending", 18_204L)
                .with("failed", 3L)
                .with("owed_bytes", 5_600_000L)
                .with("oldest_at", Instant.now().minusSeconds(7300))
                .with("down_since", Instant.now().minusSeconds(7260))
                .with("last_error", down),
            well("search", 12).with("retry", 2L).with("held", 5L),
            well("shop", 3).with("failed", 1_000_000L),
            FakeDesk.destination("warehouse").with("paused", true).with("pending", 41L));
    for (int second = 0; second < 3600; second += 5) {
      rates.delivered("shop", 300 + (second / 60 % 17) * 40 + second % 50);
      rates.sent("shop", 120_000);
      rates.delivered("search", second % 600 < 200 ? 35 : 4);
      rates.delivered("audit", 12);
      if (second < 1500) {
        rates.delivered("billing", 60);
      }
      aheadNanos.addAndGet(5_000_000_000L);
    }
    desk.failed =
        IntStream.rangeClosed(1, 150)
            .mapToObj(
                n ->
                    FakeDesk.failedMessage(
                        (1041 + n) + "-hoe22fla2o",
                        "customer-" + n % 9,
                        "no such customer: " + n % 9))
            .toList();
    desk.matching = 1_000_000;
    desk.captures =
        List.of(
            Row.of(
                "source",
                "public.orders",
                "destination",
                "shop",
                "operations",
                List.of("insert", "update", "delete"),
                "key",
                List.of("customer_id"),
                "columns",
                null,
                "except_columns",
                List.of("card_number"),
                "condition",
                "total > 0",
                "fires",
                "origin"));
    desk.replays =
        List.of(
            FakeDesk.replay(3, "shop"),
            FakeDesk.replay(2, "shop").with("to_destination", "search").with("moves", false),
            FakeDesk.replay(1, "audit")
                .with("ended_at", Instant.parse("2026-11-22T12:20:00Z"))
                .with("percent", 100L));
    desk.findings =
        List.of(
            Row.of(
                "severity", "error",
                "check", "destination down",
                "object", "billing",
                "finding", "cannot be reached since 2 hours: " + down,
                "remedy", "Start the receiver; outbox-relay destinations test billing tries it"),
            Row.of(
                "severity", "warning",
                "check", "idle sessions",
                "object", "public.orders",
                "finding", "a transaction is open for 3 hours",
                "remedy", "select pg_terminate_backend(4711);"));
    desk.payloads =
        List.of(
            Row.of(
                "id",
                "1042-hoe22fla2o",
                "destination",
                "shop",
                "last_error",
                "no such customer: 1",
                "old_characters",
                null,
                "old_text",
                null,
                "new_characters",
                47L,
                "new_text",
                "{\"id\":12345678901234567890,\"total\":19.90,\"x\":[]}",
                "headers_characters",
                null,
                "headers_text",
                null));
  }

  private static void assertAccessible(String where) throws Exception {
    try (InputStream script = BrowserTest.class.getResourceAsStream("/axe.min.js")) {
      chromium.value(new String(script.readAllBytes(), StandardCharsets.UTF_8) + ";0");
    }
    JsonNode violations =
        chromium.value(
            "axe.run(document, {resultTypes: ['violations']}).then(r => r.violations.map("
                + "v => v.id + ': ' + v.nodes.map(n => n.target + ' ' + n.failureSummary)))");
    assertEquals("[]", violations.toString(), where);
    assertTrue(
        chromium.is("document.documentElement.scrollWidth <= innerWidth"), where + " is too wide");
  }

  @Test
  void token_wrongThenRight_letsIn() throws Exception {
    chromium.open("http://127.0.0.1:" + console.port() + "/");
    await("the form", "document.activeElement?.id === 'token'");
    chromium.type("this-is-not-the-right-token");
    chromium.press("Enter");
    awaitText("this token is not known");
    chromium.type(OTTO);
    chromium.press("Enter");
    awaitText("otto (read-only)");
    awaitText("There is no destination yet");
    click("Log out");
    await("the form", "document.activeElement?.id === 'token'");
    assertFalse(text().contains("otto"), text());
  }

  @Test
  void destinations_asTheyChange_areShownWithoutAnythingElseMoving() throws Exception {
    aDay();
    login(OTTO);
    awaitText("connection refused: 10.1.7.12:9000");
    assertTrue(text().contains("5 destinations, 1 down; 18,267 messages owed"), text());
    assertFalse(text().contains("Pause"), text());
    chromium.value("window.row = document.querySelector('tbody tr'); 0");
    desk.destinations = List.of(well("audit", 77), well("new", 0));
    awaitText("77");
    await("the others are gone", "document.querySelectorAll('tbody tr').length === 2");
    assertTrue(chromium.is("window.row === document.querySelector('tbody tr')"));
  }

  @Test
  void person_withAKeyboard_pausesAndResumes() throws Exception {
    desk.destinations = List.of(well("shop", 1));
    login(ANNA);
    await("a button", "document.querySelector('tbody button')");
    for (int n = 0; n < 40 && !chromium.is("document.activeElement?.closest('tbody')"); n++) {
      chromium.press("Tab");
    }
    assertEquals(
        "Pause shop", chromium.value("document.activeElement.getAttribute('aria-label')").asText());
    chromium.press("Enter");
    await("asked", "document.querySelector('dialog[open]')");
    chromium.press("Escape");
    await("nothing", "!document.querySelector('dialog[open]')");
    assertEquals(List.of(), desk.done);
    chromium.press("Enter");
    await("asked", "document.querySelector('dialog[open]')");
    chromium.press("Tab");
    chromium.press("Tab");
    chromium.press("Enter");
    Await.until("paused", () -> desk.done.equals(List.of("pause shop")));
    desk.destinations = List.of(well("shop", 1).with("paused", true));
    click("Resume shop");
    Await.until("resumed", () -> desk.done.equals(List.of("pause shop", "resume shop")));
  }

  @Test
  void replay_underWay_isCancelledByAnOperatorAlone() throws Exception {
    aDay();
    desk.destinations =
        List.of(
            FakeDesk.destination("shop")
                .with("paused", true)
                .with("last_error", "paused, since it refused too much")
                .with("held_keys", 2L)
                .with("max_rate", 500L)
                .with("failure_budget_percent", 20.0)
                .with("failure_budget_answers", 100L));
    login(OTTO);
    awaitText("2 keys held; at most 500/s; pauses when more than 20 % of 100 answers are refusals");
    awaitText("paused, since it refused too much");
    view("replays");
    awaitText("41 %, 41,000 messages written again");
    awaitText("shop to search");
    awaitText("cut short");
    assertTrue(chromium.is("!document.querySelector('#view button')"), "a reader cancels nothing");
    click("Log out");
    login(ANNA);
    view("replays");
    awaitText("under way");
    click("Cancel replay 3");
    awaitText("What it has written again stays");
    click("Go on with it");
    assertEquals(List.of(), desk.done);
    click("Cancel replay 3");
    click("Cancel it");
    awaitText("by relay");
    assertEquals(List.of("cancel replay 3"), desk.done);
    await(
        "the other one can be cancelled still",
        "document.querySelectorAll('#view button:not([hidden])').length === 1");
  }

  @Test
  void failed_aMillion_areRequeuedWithProgressOrChosenOneByOne() throws Exception {
    aDay();
    login(ANNA);
    view("failed");
    awaitText("1,000,000 messages match.");
    assertEquals(100, chromium.value("document.querySelectorAll('tbody tr').length").asInt());
    click("Payload of 1042-hoe22fla2o");
    awaitText("\"id\": 12345678901234567890,");
    click("Close");
    chromium.value("document.querySelector('tbody input').click()");
    click("Discard chosen");
    awaitText("They are given up for good");
    click("Discard");
    Await.until("done", () -> desk.done.equals(List.of("DISCARD [1042-hoe22fla2o]")));
    await("searched anew", "!document.body.innerText.includes('1042-hoe22fla2o')");
    awaitText("1,000,000 messages match.");
    click("Requeue all that match");
    awaitText("Requeue all 1,000,000 messages that match?");
    click("Requeue");
    desk.steps.release(1);
    awaitText("Requeue: 333,333 of 1,000,000 messages");
    chromium.look(WIDE, 640, false);
    chromium.photograph(PICTURES.resolve("failed.png"));
    desk.steps.release(10);
    awaitText("1,000,000 of 1,000,000 messages requeued");
    view("deeds");
    awaitText("begins to requeue all failed messages of all destinations");
  }

  @Test
  void text_thatMeansHarm_staysText() throws Exception {
    List<String> harm =
        List.of(
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(2)>",
            "\"'><svg onload=alert(3)>",
            "javascript:alert(4)",
            "\u202egnp.exe\u2066\u0007\u001b[31m\u200b",
            "</td></table><h1>gone",
            "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627");
    List<Row> messages = new ArrayList<>();
    for (int n = 0; n < harm.size(); n++) {
      messages.add(FakeDesk.failedMessage((n + 1) + "-abc", harm.get(n), harm.get(n)));
    }
    String all = String.join(" ", harm);
    desk.failed = messages;
    desk.payloads =
        List.of(
            Row.of(
                "id",
                "1-abc",
                "destination",
                "shop",
                "last_error",
                all,
                "old_characters",
                null,
                "old_text",
                null,
                "new_characters",
                5_000_000L,
                "new_text",
                "<script>alert(5)</script>" + "\u202e<b>".repeat(10_000),
                "headers_characters",
                20L,
                "headers_text",
                "{\"x\":\"<i>" + all + "\"}"));
    desk.destinations =
        List.of(
            FakeDesk.destination("shop")
                .with("down_since", Instant.now())
                .with("uri", all)
                .with("last_error", all));
    desk.captures = List.of(Row.of("source", all, "destination", "shop", "condition", all));
    desk.findings =
        List.of(
            Row.of(
                "severity", "error", "check", all, "object", all, "finding", all, "remedy", all));
    login(ANNA);
    for (String view : List.of("destinations", "failed", "captures", "doctor", "deeds")) {
      view(view);
      if (!view.equals("deeds")) {
        awaitText("<script>alert(1)</script>");
        awaitText("\\u202egnp.exe\\u2066\\u0007\\u001b[31m\\u200b");
      }
      assertEquals(
          0,
          chromium
              .value("document.querySelectorAll('main img, main script, main h1, main i').length")
              .asInt());
    }
    view("failed");
    click("Payload of 1-abc");
    awaitText("<script>alert(5)</script>");
    click("Close");
    view("failed?error=" + "%3Cimg%20src%3Dx%20onerror%3Dalert(6)%3E");
    await("filled", "document.getElementById('f-error')?.value === '<img src=x onerror=alert(6)>'");
  }

  @Test
  void relay_thatGoesAndComesBack_asksForTheTokenAndShowsTheSameViewAgain() throws Exception {
    desk.destinations = List.of(well("shop", 5));
    login(OTTO);
    await("live", "document.getElementById('connection').innerText.includes('live')");
    int port = console.port();
    console.close();
    awaitText("connection lost, trying again");
    desk.destinations = List.of(well("shop", 6543));
    view("captures");
    Await.until("the port is free again", () -> canServe(port));
    awaitText("Your login has ended");
    await("the form", "document.activeElement?.id === 'token'");
    chromium.type(OTTO);
    chromium.press("Enter");
    await("the same", "document.querySelector('nav a[aria-current]')?.hash === '#captures'");
    view("destinations");
    awaitText("6,543");
    await("live", "document.getElementById('connection').innerText.includes('live')");
  }

  @Test
  void database_away_isSaidWithWhatToDo() throws Exception {
    desk.problem = new Problem(503, "the database cannot be used", "wait until it is there again");
    login(OTTO);
    awaitText("wait until it is there again");
    desk.problem = null;
    desk.destinations = List.of(well("shop", 5));
    await("mended", "document.getElementById('trouble').hidden");
  }

  @Test
  void views_all_keepTheRulesOfAccessibility() throws Exception {
    aDay();
    desk.failed = desk.failed.subList(0, 8);
    assertAllAccessible(WIDE, false);
    assertAllAccessible(NARROW, true);
  }

  @Test
  @Tag("full")
  void views_fullOfRows_keepTheRulesOfAccessibility() throws Exception {
    aDay();
    assertAllAccessible(WIDE, true);
    assertAllAccessible(NARROW, false);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void views_ofNoneAndOfOne_showThem(int count) throws Exception {
    assertViewsShow(count);
  }

  @Test
  @Tag("full")
  void views_ofAThousand_showThem() throws Exception {
    assertViewsShow(1000);
  }

  /** So many of everything, in each view, wide and narrow. */
  private void assertViewsShow(int count) throws Exception {
    desk.destinations = many(count, n -> well("destination-" + n, n));
    desk.replays = many(count, n -> FakeDesk.replay(n + 1, "destination-" + n));
    desk.captures = many(count, n -> Row.of("source", "public.t" + n, "destination", "shop"));
    desk.findings =
        many(count, n -> Row.of("severity", "info", "check", "slot " + n, "finding", "f" + n));
    desk.failed = many(count, n -> FakeDesk.failedMessage((n + 1) + "-abc", "key", "no"));
    desk.matching = count;
    login(OTTO);
    Map<String, Integer> shown =
        Map.of(
            "destinations",
            count,
            "failed",
            Math.min(count, 100),
            "captures",
            count,
            "replays",
            count,
            "doctor",
            count);
    for (int width : new int[] {WIDE, NARROW}) {
      chromium.look(width, 800, false);
      for (Map.Entry<String, Integer> each : shown.entrySet()) {
        view(each.getKey());
        String rows = "document.querySelectorAll('#view tbody tr, #view ul.findings > li').length";
        await(each + " at " + width, rows + " === " + each.getValue());
        String words =
            "document.querySelector('#view .nothing:not([hidden]), #view [role=status]')";
        if (count == 0) {
          await(each.getKey() + " says so", words + "?.innerText.trim().length > 0");
        }
        assertTrue(
            chromium.is("document.documentElement.scrollWidth <= innerWidth"), each.getKey());
      }
    }
    view("failed");
    awaitText(
        switch (count) {
          case 0 -> "No message matches.";
          case 1 -> "1 message matches.";
          default -> String.format(Locale.ROOT, "%,d messages match.", count);
        });
  }

  private static List<Row> many(int count, IntFunction<Row> row) {
    return IntStream.range(0, count).mapToObj(row).toList();
  }

  /** The rules are a script that the page's policy would not let in. */
  private void assertAllAccessible(int width, boolean dark) throws Exception {
    String how = ", " + width + (dark ? ", dark" : ", light");
    chromium.look(width, 800, dark);
    chromium.call("Page.setBypassCSP", Map.of("enabled", true));
    try {
      login(ANNA);
      for (String view :
          List.of("destinations", "failed", "explain", "captures", "replays", "doctor", "deeds")) {
        view(view);
        await(
            "there", "document.querySelector('#view table, #view form, #view ul, #view .nothing')");
        assertAccessible(view + how);
      }
      view("failed");
      click("Payload of 1042-hoe22fla2o");
      awaitText("12345678901234567890");
      assertAccessible("a dialog" + how);
      click("Close");
      click("Log out");
      assertAccessible("the login" + how);
    } finally {
      chromium.call("Page.setBypassCSP", Map.of("enabled", false));
    }
  }

  /** The pictures of the docs. */
  @Test
  void pictures_lightAndDark_wideAndNarrow_areTaken() throws Exception {
    aDay();
    login(ANNA);
    awaitText("connection refused");
    await(
        "the plots of those that were delivered to",
        "[...document.querySelectorAll('.plot path')].filter(p => (p.getAttribute('d')"
            + ".match(/M/g) ?? []).length > 40 && !p.getAttribute('d').includes('NaN')).length"
            + " === 4");
    for (boolean dark : new boolean[] {false, true}) {
      String suffix = dark ? "-dark" : "";
      chromium.look(WIDE, 640, dark);
      chromium.photograph(PICTURES.resolve("destinations" + suffix + ".png"));
      chromium.look(NARROW, 780, dark);
      chromium.photograph(PICTURES.resolve("destinations-narrow" + suffix + ".png"));
    }
    chromium.look(WIDE, 640, true);
    view("doctor");
    awaitText("pg_terminate_backend");
    chromium.photograph(PICTURES.resolve("doctor-dark.png"));
    assertTrue(Files.size(PICTURES.resolve("destinations.png")) > 10_000);
  }

  @Test
  @Tag("full")
  void payload_ofFiveMegabytes_isShownAsText() throws Exception {
    aDay();
    String large = "<script>alert(5)</script>" + "\u202e<b>".repeat(1_250_000);
    desk.payloads =
        List.of(desk.payloads.get(0).with("new_text", large).with("new_characters", 1L));
    login(ANNA);
    view("failed");
    click("Payload of 1042-hoe22fla2o");
    await(
        "all of it",
        "document.querySelector('dialog pre')?.textContent.length === " + (25 + 1_250_000 * 9));
    assertFalse(chromium.is("document.querySelector('dialog script, dialog b')"));
  }

  @Test
  @Tag("full")
  void destinations_aThousand_areShownAndSifted() throws Exception {
    desk.destinations =
        IntStream.range(0, 1000)
            .mapToObj(
                n ->
                    well("destination-" + n, n)
                        .with("down_since", n % 100 == 0 ? Instant.now() : null))
            .toList();
    login(ANNA);
    await("all", "document.querySelectorAll('tbody tr').length === 1000");
    chromium.value("document.getElementById('wrong').click()");
    await("some", "document.querySelectorAll('tbody tr:not([hidden])').length === 10");
    chromium.value("document.getElementById('only').focus()");
    chromium.type("-700");
    await("one", "document.querySelectorAll('tbody tr:not([hidden])').length === 1");
    chromium.look(NARROW, 800, true);
    assertTrue(chromium.is("document.documentElement.scrollWidth <= innerWidth"));
  }
}
