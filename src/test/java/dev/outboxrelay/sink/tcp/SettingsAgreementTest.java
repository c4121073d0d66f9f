// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.sink.AddressPolicy;
import dev.outboxrelay.sink.SinkListener.Fault;
import dev.outboxrelay.store.Database;
import dev.outboxrelay.store.DatabaseSettings;
import dev.outboxrelay.testing.Certificates;
import dev.outboxrelay.testing.Destinations;
import dev.outboxrelay.testing.RecordedSink;
import dev.outboxrelay.testing.ScriptedPeer;
import dev.outboxrelay.testing.TestDatabase;
import dev.outboxrelay.values.Destination;
import dev.outboxrelay.values.Destination.Ack;
import dev.outboxrelay.values.Destination.Brakes;
import dev.outboxrelay.values.Destination.Format;
import dev.outboxrelay.values.Destination.Framing;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The table and the relay agree on what a destination may be: whatever is saved can be connected,
 * and what the transport refuses was refused when it was saved. Rows are drawn at random; {@code
 * -Dagreement.seed} and {@code -Dagreement.draws} repeat or lengthen a run.
 */
final class SettingsAgreementTest {

  private static final int DRAWS = Integer.getInteger("agreement.draws", 600);
  private static final long SEED = Long.getLong("agreement.seed", System.nanoTime());

  /** So many that the certificate stays below the 32 kB that a handshake may carry. */
  private static final int NAMES_OF_A_CERTIFICATE = 40;

  /** For dozens of handshakes at once, on a machine that does other things as well. */
  private static final Duration PATIENCE = Duration.ofSeconds(15);

  private static final int MAX_WIRE_NAME = 253;
  private static final int MAX_LABEL = 63;

  @TempDir Path directory;

  private final TcpTransport transport =
      new TcpTransport(1, AddressPolicy.ANY, SettingsAgreementTest::loopback);
  private final TcpTransport nowhere =
      new TcpTransport(1, (host, address) -> false, SettingsAgreementTest::loopback);
  private final Certificates authority = new Certificates("our authority");
  private final List<DrawnSettings> refused = new ArrayList<>();
  private TestDatabase db;
  private Map<String, Destination> saved = Map.of();

  @BeforeEach
  void save() throws Exception {
    System.out.println("rows are drawn with -Dagreement.seed=" + SEED);
    db = TestDatabase.create();
    Random random = new Random(SEED);
    List<DrawnSettings> accepted = new ArrayList<>();
    try (Connection connection = db.connect()) {
      for (int number = 1; number <= DRAWS; number++) {
        DrawnSettings row = new DrawnSettings(random, number);
        (isSaved(connection, row) ? accepted : refused).add(row);
      }
    }
    DatabaseSettings settings =
        new DatabaseSettings(
            db.url(), db.user(), db.password(), 2, Duration.ofSeconds(5), Duration.ofSeconds(10));
    try (Database database = Database.connect(settings)) {
      saved = database.destinations().load();
    }
    // What the relay's own record refuses is left out of what is loaded.
    List<DrawnSettings> leftOut =
        accepted.stream().filter(row -> !saved.containsKey(row.column("name"))).toList();
    assertEquals(List.of(), leftOut, "saved, and not taken by the relay, seed " + SEED);
    assertTrue(saved.size() > DRAWS / 10 && refused.size() > DRAWS / 10, "one-sided draws");
  }

  @AfterEach
  void close() throws Exception {
    transport.close();
    nowhere.close();
    db.close();
  }

  private static boolean isSaved(Connection connection, DrawnSettings row) throws SQLException {
    String names = String.join(", ", row.columns().keySet());
    String values =
        row.columns().keySet().stream()
            .map(name -> "?::" + type(name))
            .collect(Collectors.joining(", "));
    try (PreparedStatement insert =
        connection.prepareStatement(
            "insert into outbox.destination ("
                + names
                + ") overriding system value values ("
                + values
                + ")")) {
      int parameter = 1;
      for (String value : row.columns().values()) {
        insert.setString(parameter++, value);
      }
      insert.execute();
      return true;
    } catch (SQLException e) {
      String state = String.valueOf(e.getSQLState());
      // Not sound, not of its type, or there already.
      assertTrue(state.startsWith("23") || state.startsWith("22"), () -> row + ": " + e);
      return false;
    }
  }

  private static String type(String column) {
    return switch (column) {
      case "id", "max_attempts", "max_in_flight" -> "text::integer";
      case "options" -> "text::jsonb";
      case "retry_initial", "retry_max", "ack_timeout", "connect_timeout", "keep_delivered" ->
          "text::interval";
      default -> "text";
    };
  }

  @Test
  void whateverIsSaved_canBeConnected() throws Exception {
    Path ca = Certificates.writeCertificate(authority.certificate(), directory.resolve("ca.pem"));
    List<String> problems = new ArrayList<>();
    List<Destination> plain = new ArrayList<>();
    List<Destination> secure = new ArrayList<>();
    for (Destination destination : saved.values()) {
      bounds(destination, problems);
      if (destination.uri().startsWith("http")) {
        continue; // another transport's
      }
      try {
        TcpOptions.parse(destination.options());
        (Endpoint.parse(destination.uri()).secure() ? secure : plain).add(destination);
      } catch (IllegalArgumentException e) {
        // A file's name that this system cannot write is another matter than a row's soundness.
        if (!(String.valueOf(e.getMessage()).contains("locale"))) {
          problems.add(destination + ": " + e.getMessage());
        }
      }
    }
    try (ScriptedPeer peer = new ScriptedPeer(it -> it.untilClosed())) {
      connect(plain, peer.port(), destination -> "{}", problems);
    }
    for (int from = 0; from < secure.size(); from += NAMES_OF_A_CERTIFICATE) {
      List<Destination> some =
          secure.subList(from, Math.min(secure.size(), from + NAMES_OF_A_CERTIFICATE));
      try (ScriptedPeer peer = secure(some)) {
        connect(some, peer.port(), destination -> options(destination, ca), problems);
      }
    }
    assertEquals(List.of(), problems, "saved, and can never work, seed " + SEED);
  }

  @Test
  void whateverIsRefusedForTheTransport_isRefusedByItToo() {
    List<String> problems = new ArrayList<>();
    for (DrawnSettings row : refused) {
      if (row.onlyForTheTransport() && transportTakes(row)) {
        problems.add(row.toString());
      }
    }
    assertEquals(List.of(), problems, "refused, and the transport takes it, seed " + SEED);
  }

  private boolean transportTakes(DrawnSettings row) {
    Destination destination = Destinations.at(1);
    destination =
        new Destination(
            1,
            "d",
            1,
            row.column("uri"),
            Format.valueOf(row.column("format").toUpperCase(Locale.ROOT)),
            Framing.valueOf(row.column("framing").toUpperCase(Locale.ROOT)),
            Ack.valueOf(row.column("ack").toUpperCase(Locale.ROOT)),
            destination.ordering(),
            destination.maxAttempts(),
            destination.retryInitial(),
            destination.retryMax(),
            destination.ackTimeout(),
            destination.connectTimeout(),
            destination.maxInFlight(),
            destination.onFailure(),
            null,
            Brakes.NONE,
            false,
            row.column("options"));
    RecordedSink heard = new RecordedSink();
    nowhere.connect(destination, heard);
    return heard.awaitClosed(Fault.UNREACHABLE).contains("may connect to");
  }

  /** What the relay counts with is neither nothing nor endless. */
  private static void bounds(Destination destination, List<String> problems) {
    boolean sound =
        destination.id() > 0
            && destination.doorbell() >= 0
            && destination.doorbell() < 64
            && within(destination.retryInitial(), 1, Duration.ofDays(1))
            && within(destination.retryMax(), 1, Duration.ofDays(31))
            && within(destination.ackTimeout(), 10, Duration.ofDays(1))
            && within(destination.connectTimeout(), 10, Duration.ofHours(1))
            && destination.maxInFlight() <= 100_000
            && destination.maxAttempts() <= 1_000_000
            && (destination.keepDelivered() == null
                || within(destination.keepDelivered(), 0, Duration.ofDays(36_600)));
    if (!sound) {
      problems.add("a number that is out of bounds: " + destination);
    }
  }

  private static boolean within(Duration time, long leastMillis, Duration most) {
    return time.toMillis() >= leastMillis && time.compareTo(most) <= 0;
  }

  private interface Options {
    String of(Destination destination);
  }

  /** Each at another port, with a CA that is there. */
  private void connect(
      List<Destination> destinations, int port, Options options, List<String> problems) {
    List<RecordedSink> all = new ArrayList<>();
    for (Destination destination : destinations) {
      String uri = destination.uri().replaceFirst("[0-9]+$", "") + port;
      RecordedSink heard = new RecordedSink();
      all.add(heard);
      transport.connect(Destinations.at(uri, PATIENCE, options.of(destination)), heard);
    }
    for (int i = 0; i < all.size(); i++) {
      try {
        all.get(i).awaitConnectedOrEnd();
      } catch (AssertionError e) {
        problems.add(destinations.get(i) + ": " + e.getMessage());
        continue;
      }
      if (!all.get(i).isConnected()) {
        problems.add(destinations.get(i).uri() + ": " + all.get(i));
      }
    }
  }

  private static String options(Destination destination, Path ca) {
    String name = TcpOptions.parse(destination.options()).tls().serverName();
    return "{\"tls_ca\":\""
        + ca
        + (name == null ? "\"}" : "\",\"tls_server_name\":\"" + name + "\"}");
  }

  /** A receiver whose certificate bears what these destinations ask for. */
  private ScriptedPeer secure(List<Destination> destinations) throws IOException {
    TreeSet<String> names = new TreeSet<>();
    for (Destination destination : destinations) {
      String name = TcpOptions.parse(destination.options()).tls().serverName();
      names.add(name == null ? Endpoint.parse(destination.uri()).host() : name);
    }
    return new ScriptedPeer(
        authority
            .server(authority.forNames(names))
            .getServerSocketFactory()
            .createServerSocket(0, 50, InetAddress.getLoopbackAddress()),
        it -> it.untilClosed());
  }

  /** What has an address of its own keeps it a secret here; what could be looked up is found. */
  private static InetAddress[] loopback(String host) throws UnknownHostException {
    if (host.matches("[0-9.]+|(0[xX][0-9A-Fa-f]*\\.?|[0-9]+\\.?)+") || host.indexOf(':') >= 0) {
      byte[] address = InetAddress.getByName(host).getAddress();
      boolean same =
          host.contains(":") || InetAddress.getByAddress(address).getHostAddress().equals(host);
      if (!same) {
        throw new UnknownHostException(host + " is taken for " + InetAddress.getByAddress(address));
      }
    } else {
      String name = host.endsWith(".") ? host.substring(0, host.length() - 1) : host;
      boolean sendable = name.length() <= MAX_WIRE_NAME;
      for (String label : name.split("\\.", -1)) {
        sendable &= !label.isEmpty() && label.length() <= MAX_LABEL;
      }
      if (!sendable) {
        throw new UnknownHostException(host + " fits into no question to a name server");
      }
    }
    return new InetAddress[] {InetAddress.getLoopbackAddress()};
  }
}
