package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Row triggers beside those of a capture by statement. */
final class RowTriggerTest {
  private static Outbox outbox;
  private static Connection relay;

  @BeforeAll
  static void create() throws SQLException {
    outbox = Outbox.create();
    relay = outbox.connect();
    Outbox.run(relay, "select pg_advisory_lock(7021002, g) from generate_series(0, 63) g");
  }

  @BeforeEach
  void reset() throws SQLException {
    outbox.reset();
  }

  @AfterAll
  static void drop() throws SQLException {
    relay.close();
    outbox.close();
  }

  private static List<String> findings() throws SQLException {
    return outbox.query(
        "select concat_ws(' | ', severity, check_name, object) from outbox.doctor()");
  }

  private static List<String> remedies() throws SQLException {
    return outbox.query("select remedy from outbox.doctor()");
  }

  private static void mend() throws SQLException {
    outbox.execute(remedies().toArray(String[]::new));
    assertEquals(List.of(), findings());
  }

  @Test
  void rowTrigger_thatIsDisabled_isFoundOnlyOnceItIsEnabled() throws SQLException {
    outbox.execute(
        "create table t (id int primary key)",
        "select outbox.capture('t', 'crm')",
        "create function audit() returns trigger language plpgsql as 'begin return null; end'",
        "create trigger audit after insert on t for each row execute function audit()",
        "alter table t disable trigger audit");
    assertEquals(List.of(), findings());
    outbox.execute("alter table t enable trigger audit");
    assertEquals(List.of("error | capture out of step | public.t"), findings());
    mend();
  }

  @Test
  void rowTrigger_thatIsDisabledWhenTheTableIsCaptured_needsNoNewCaptureLater()
      throws SQLException {
    outbox.execute(
        "create table t (id int primary key)",
        "create function audit() returns trigger language plpgsql as 'begin return null; end'",
        "create trigger audit after insert on t for each row execute function audit()",
        "alter table t disable trigger audit",
        "select outbox.capture('t', 'crm')",
        "alter table t enable trigger audit");
    assertEquals(List.of(), findings());
  }
}
