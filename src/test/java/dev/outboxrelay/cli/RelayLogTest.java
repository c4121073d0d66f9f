// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.outboxrelay.values.WireId;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** What waits tells why once, however often it tries. */
final class RelayLogTest {
  private final Logger logger = (Logger) LoggerFactory.getLogger("dev.outboxrelay.relay");
  private final ListAppender<ILoggingEvent> lines = new ListAppender<>();
  private final RelayLog log = new RelayLog();

  @BeforeEach
  void setUp() {
    lines.start();
    logger.addAppender(lines);
  }

  @AfterEach
  void tearDown() {
    logger.detachAppender(lines);
  }

  private List<String> warnings() {
    return lines.list.stream()
        .filter(line -> line.getLevel() == Level.WARN)
        .map(line -> line.getFormattedMessage().replaceFirst(";.*", ""))
        .toList();
  }

  @Test
  void database_lostForSeveralReasonsInTurns_isOneLineEach() {
    log.databaseLost("no such host", 100);
    log.databaseLost("refused", 200);
    log.databaseLost("no such host", 400);
    log.databaseLost("refused", 800);
    log.connected();
    log.databaseLost("refused", 100);
    assertEquals(
        List.of(
            "no database to work with: no such host",
            "no database to work with: refused",
            "lost the database: refused"),
        warnings());
  }

  @Test
  void statement_failingAgain_isOneLineUntilItSucceeds() {
    log.statementFailed("page of d", "permission denied", 50);
    log.statementFailed("page of d", "permission denied", 100);
    log.statementFailed("page of e", "permission denied", 50);
    log.statementSucceeded("page of d");
    log.statementFailed("page of d", "permission denied", 50);
    assertEquals(
        List.of(
            "page of d failed: permission denied",
            "page of e failed: permission denied",
            "page of d failed: permission denied"),
        warnings());
  }

  /** Each try to work with it meets the same again. */
  @Test
  void statement_failingWhileTheDatabaseIsLost_isOneLine() {
    log.connected();
    for (int n = 0; n < 3; n++) {
      log.statementFailed("destinations", "permission denied", 50);
      log.databaseLost("the lock session: permission denied", 100);
    }
    assertEquals(
        List.of(
            "destinations failed: permission denied",
            "lost the database: the lock session: permission denied"),
        warnings());
  }

  /** A virtual hour, in which the receiver comes and goes each second. */
  @Test
  void destination_flappingForAnHour_costsAHandfulOfLines() {
    long[] nanos = {0};
    RelayLog calm = new RelayLog(() -> nanos[0]);
    for (int second = 0; second < 3600; second++) {
      nanos[0] += 1_000_000_000L;
      calm.up("d");
      calm.connectionLost("d", "reset", 3);
      calm.down("d", "refused", 1000);
      calm.standing("d", 0, 0);
    }
    int told =
        lines.list.stream().filter(l -> l.getLevel().isGreaterOrEqual(Level.INFO)).toList().size();
    assertTrue(told < 120, told + " lines");
  }

  @Test
  void destination_downForAnHour_isOneLine() {
    long[] nanos = {0};
    RelayLog calm = new RelayLog(() -> nanos[0]);
    for (int second = 0; second < 3600; second++) {
      nanos[0] += 1_000_000_000L;
      calm.down("d", "refused " + second, 1000);
    }
    assertEquals(1, warnings().size());
  }

  @Test
  void messages_setAsideByTheThousand_areAFewLinesAndACount() {
    long[] nanos = {0};
    RelayLog calm = new RelayLog(() -> nanos[0]);
    for (int n = 0; n < 10_000; n++) {
      calm.failed("d", Objects.requireNonNull(WireId.parse("1042-hoe22fla2o")), 10, "no");
    }
    calm.standing("d", 0, 0);
    assertEquals(5, warnings().size());
    nanos[0] += 600_000_000_000L;
    calm.standing("d", 0, 0);
    calm.standing("d", 0, 0);
    assertEquals(
        List.of("destination d: 9995 more messages set aside were not logged one by one"),
        warnings().subList(5, warnings().size()));
  }
}
