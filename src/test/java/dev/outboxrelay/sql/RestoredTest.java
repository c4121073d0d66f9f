package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A table that was restored from a dump, and a column that was renamed before or after. */
final class RestoredTest {
  private static Outbox outbox;

  @BeforeAll
  static void create() throws SQLException {
    outbox = Outbox.createOwned();
  }

  @BeforeEach
  void reset() throws SQLException {
    outbox.reset();
  }

  @AfterAll
  static void drop() throws SQLException {
    outbox.close();
  }

  @Test
  void remedy_whereANamedColumnGoesByAnotherName_saysWhatToDo() throws SQLException {
    String[][] renamed = {
      {"", "id"}, {", except_columns => '{secret}'", "secret"}, {", columns => '{v}'", "v"},
    };
    for (String[] r : renamed) {
      outbox.execute(
          "create table t (id int primary key, v int, secret text)",
          "select outbox.capture('t', 'crm'" + r[0] + ")");
      List<String> triggers =
          outbox.query(
              "select pg_get_triggerdef(trigger_oid) from outbox.capture_detail"
                  + " where source = 't'::regclass");
      outbox.execute("drop table t", "create table t (id int primary key, v int, secret text)");
      outbox.execute(triggers.toArray(String[]::new));
      outbox.execute("alter table t rename " + r[1] + " to present");
      assertEquals(List.of("warning | capture out of step | public.t"), outbox.findings());
      String remedy = outbox.remedies().get(0);
      String words = "Write the present name of the column in place of " + r[1] + ", then: ";
      assertTrue(remedy.startsWith(words), remedy);
      outbox.execute(remedy.substring(words.length()).replace(r[1] + "}", "present}"));
      assertEquals(List.of(), outbox.findings());
      outbox.execute("drop table t");
    }
  }
}
