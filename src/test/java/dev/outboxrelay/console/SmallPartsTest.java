// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.console;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.http.HttpStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The console's parts that need neither a server nor a database. */
final class SmallPartsTest {
  private static final String SECRET = "0123456789abcdef0123456789abcdef";
  private static final Person ANNA =
      new Person(Token.of("anna", Role.OPERATOR, SECRET), "t", "127.0.0.1");

  private final AtomicLong nanos = new AtomicLong();

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "# nobody",
        "anna operator",
        "anna operator short",
        "anna boss " + SECRET,
        "an/na operator " + SECRET,
        "anna operator " + SECRET + " more",
        "anna operator " + SECRET + "\nanna read-only x" + SECRET,
        "anna operator " + SECRET + "\notto read-only " + SECRET
      })
  void tokens_thatMakeNoSense_areRefusedWithoutTheSecret(String text) {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> Tokens.parse(text.lines().toList()));
    assertFalse(e.getMessage().contains(SECRET), e.getMessage());
  }

  @Test
  void tokens_ofSeveral_areToldApart() {
    Tokens tokens =
        Tokens.parse(
            List.of("# ours", "", " anna\toperator  " + SECRET, "otto read-only x" + SECRET));
    assertEquals("anna", tokens.bySecret(SECRET).orElseThrow().name());
    assertEquals(Role.READ_ONLY, tokens.bySecret("x" + SECRET).orElseThrow().role());
    assertTrue(tokens.bySecret("").isEmpty());
    assertFalse(tokens.toString().contains(SECRET));
  }

  @Test
  void ticket_pastItsEnd_isNobodys() {
    AtomicLong seconds = new AtomicLong(1_000_000);
    Tickets tickets = new Tickets(seconds::get);
    Tokens tokens = new Tokens(List.of(Token.of("anna", Role.OPERATOR, SECRET)));
    String ticket = tickets.issue(tokens.all().get(0));
    assertTrue(tickets.owner(ticket, tokens).isPresent());
    assertTrue(new Tickets(seconds::get).owner(ticket, tokens).isEmpty(), "after a restart");
    assertTrue(tickets.owner(ticket, new Tokens(List.of())).isEmpty(), "the file cannot be read");
    assertTrue(tickets.owner(ticket, tokens).isPresent());
    seconds.addAndGet(Tickets.LIFE.toSeconds());
    assertTrue(tickets.owner(ticket, tokens).isEmpty());
  }

  @Test
  void ticket_ofATokenThatWasChangedAndPutBack_isNobodysForGood() {
    Tokens tokens = new Tokens(List.of(Token.of("anna", Role.OPERATOR, SECRET)));
    for (Token changed :
        List.of(
            Token.of("anna", Role.READ_ONLY, SECRET),
            Token.of("anna", Role.OPERATOR, "y" + SECRET),
            Token.of("otto", Role.OPERATOR, SECRET))) {
      Tickets tickets = new Tickets(() -> 0);
      String ticket = tickets.issue(tokens.all().get(0));
      assertTrue(tickets.owner(ticket, new Tokens(List.of(changed))).isEmpty());
      assertTrue(tickets.owner(ticket, tokens).isEmpty(), changed.toString());
    }
  }

  /** Who logs in again and again takes nobody's place but his own. */
  @Test
  void tickets_ofOnePerson_areBounded() {
    Tickets tickets = new Tickets(() -> 0);
    Token anna = Token.of("anna", Role.OPERATOR, SECRET);
    Token otto = Token.of("otto", Role.READ_ONLY, "x" + SECRET);
    Tokens tokens = new Tokens(List.of(anna, otto));
    String others = tickets.issue(otto);
    String first = tickets.issue(anna);
    List<String> later = new ArrayList<>();
    for (int n = 0; n < Tickets.MOST_EACH; n++) {
      later.add(tickets.issue(anna));
    }
    assertTrue(tickets.owner(first, tokens).isEmpty());
    assertTrue(later.stream().allMatch(each -> tickets.owner(each, tokens).isPresent()));
    tickets.giveBack(later.get(0));
    assertTrue(tickets.owner(later.get(0), tokens).isEmpty());
    assertEquals("otto", tickets.owner(others, tokens).orElseThrow().name());
  }

  @Test
  void attempts_ofManyAddresses_meetTheBoundOfAllAndRecover() {
    Attempts attempts = new Attempts(nanos::get);
    for (int n = 0; n < Attempts.BURST; n++) {
      assertFalse(attempts.wrong("a"));
    }
    assertTrue(attempts.wrong("a"));
    assertFalse(attempts.wrong("b"));
    nanos.addAndGet(Attempts.ONE_EACH.toNanos());
    assertFalse(attempts.wrong("a"));
    for (int n = 0; n < Attempts.BURST_OF_ALL; n++) {
      attempts.wrong("x" + n);
    }
    assertTrue(attempts.wrong("new"));
    nanos.addAndGet(Attempts.ONE_EACH_OF_ALL.toNanos());
    assertFalse(attempts.wrong("newer"));
  }

  private static final class FakeStream implements HttpStream {
    final List<byte[]> took = new ArrayList<>();
    boolean takes = true;
    boolean ended;
    private final List<Runnable> onEnd = new ArrayList<>();

    @Override
    public boolean offer(byte[] piece) {
      if (takes) {
        took.add(piece);
      }
      return takes;
    }

    @Override
    public void end() {
      ended = true;
      onEnd.forEach(Runnable::run);
    }

    @Override
    public void onEnd(Runnable action) {
      onEnd.add(action);
    }
  }

  private static final byte[] CHANGES = {1};
  private static final byte[] WHOLE = {2};

  @Test
  void page_thatTakesNothing_isToldEverythingLaterOrDropped() {
    Hub hub = new Hub(nanos::get);
    FakeStream slow = new FakeStream();
    FakeStream quick = new FakeStream();
    hub.open(slow, ANNA);
    hub.open(quick, ANNA);
    hub.tell(CHANGES, WHOLE);
    slow.takes = false;
    hub.tell(CHANGES, WHOLE);
    slow.takes = true;
    hub.tell(CHANGES, WHOLE);
    assertEquals(List.of(WHOLE, WHOLE), slow.took);
    assertEquals(List.of(WHOLE, CHANGES, CHANGES), quick.took);
    slow.takes = false;
    nanos.addAndGet(Hub.PATIENCE.toNanos() + 1);
    hub.tell(CHANGES, WHOLE);
    assertTrue(slow.ended);
    assertFalse(quick.ended);
    assertEquals(1, hub.count());
  }

  @Test
  void page_ofSomebodyWhoIsNotLetInAnyMore_isClosed() {
    Hub hub = new Hub(nanos::get);
    FakeStream stream = new FakeStream();
    hub.open(stream, ANNA);
    hub.keepOnly(person -> false);
    assertTrue(stream.ended);
  }

  @Test
  void pages_moreThanTheMost_areNotTakenIn() {
    Hub hub = new Hub(nanos::get);
    for (int n = 0; n < Hub.MOST; n++) {
      hub.open(new FakeStream(), ANNA);
    }
    assertFalse(hub.hasRoom(ANNA));
    FakeStream late = new FakeStream();
    hub.open(late, ANNA);
    assertTrue(late.ended);
    assertEquals(Hub.MOST, hub.count());
  }

  @Test
  void page_whereOnePersonHasTakenAllPlaces_isTakenInForOneOfHers() {
    Hub hub = new Hub(nanos::get);
    FakeStream first = new FakeStream();
    hub.open(first, ANNA);
    for (int n = 1; n < Hub.MOST; n++) {
      hub.open(new FakeStream(), ANNA);
    }
    Person otto = new Person(Token.of("otto", Role.READ_ONLY, "x" + SECRET), "u", "127.0.0.1");
    assertTrue(hub.hasRoom(otto));
    FakeStream his = new FakeStream();
    hub.open(his, otto);
    assertFalse(his.ended);
    assertTrue(first.ended);
    assertEquals(Hub.MOST, hub.count());
  }

  @Test
  void rates_overTime_areThoseOfTheLastSecondsAndTheLastHour() {
    Rates rates = new Rates(nanos::get);
    rates.delivered("shop", 1);
    for (int second = 0; second < 20; second++) {
      rates.delivered("shop", 7);
      rates.sent("shop", 100);
      nanos.addAndGet(Duration.ofSeconds(1).toNanos());
    }
    assertEquals(7.0, rates.rate("shop").messages());
    assertEquals(100.0, rates.rate("shop").bytes());
    nanos.addAndGet(Duration.ofMinutes(5).toNanos());
    assertEquals(0.0, rates.rate("shop").messages());
    long[] history = rates.history().get("shop");
    assertEquals(141, history[history.length - 11]);
    assertEquals(0, history[history.length - 1]);
    nanos.addAndGet(Duration.ofHours(2).toNanos());
    assertArrayEquals(new long[Rates.POINTS], rates.history().get("shop"));
    rates.destinations(Set.of());
    assertTrue(rates.history().isEmpty());
  }

  @Test
  void address_ofWhateverKind_isKnownByItsNames() throws Exception {
    InetSocketAddress any = new InetSocketAddress(InetAddress.getByName("0.0.0.0"), 9465);
    ConsoleAddress behind =
        ConsoleAddress.of("0.0.0.0", any, ConsoleAddress.url("https://Relay.example.com/"));
    assertEquals(Set.of("relay.example.com", "relay.example.com:443"), behind.hosts());
    assertEquals(Set.of("https://relay.example.com"), behind.origins());
    assertTrue(behind.secure());
    InetSocketAddress own = new InetSocketAddress(InetAddress.getByName("10.1.2.3"), 9465);
    ConsoleAddress plain = ConsoleAddress.of("10.1.2.3", own, null);
    assertEquals(Set.of("10.1.2.3:9465"), plain.hosts());
    assertFalse(plain.secure());
    for (String wrong :
        List.of("relay", "ftp://x", "https://x/path", "https://u@x", "http://x?q")) {
      assertThrows(IllegalArgumentException.class, () -> ConsoleAddress.url(wrong), wrong);
    }
  }
}
