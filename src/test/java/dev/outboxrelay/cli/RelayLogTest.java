// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.util.List;
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
}
