// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The models in docs/internals/model hold, and each fault that is written into them is refuted. */
final class ModelTest {
  private static final Path PAGE = Path.of("docs", "internals", "model", "README.md");

  private static Tlc doorbell(boolean liveness) {
    List<String> specification =
        new ArrayList<>(List.of("SPECIFICATION Spec", "INVARIANTS TypeOK NoLostWakeUp"));
    if (liveness) {
      specification.add("PROPERTY EverythingIsRead");
    } else {
      specification.add("SYMMETRY Symmetry");
    }
    return new Tlc(
        "Doorbell",
        specification,
        List.of("Writers = {w1, w2}", "MaxCrashes = 1", "Mutant = \"none\""));
  }

  private static Tlc lease() {
    return new Tlc(
        "Lease",
        List.of("SPECIFICATION Spec", "INVARIANTS OneSender SenderOwns OneChanger EpochsDiffer"),
        List.of(
            "Relays = {r1, r2}", "Limit = 3", "MaxTime = 7", "MaxEpoch = 3", "Mutant = \"none\""));
  }

  private static Tlc windows() {
    return new Tlc(
        "Windows",
        List.of(
            "SPECIFICATION Spec",
            "INVARIANTS NothingLost NothingUndoneIsSent OrderByKey NothingPassedOver",
            "  NothingSentTwice MemoryIsOwed"),
        List.of(
            "KeyOf <- ThreeRows",
            "PageSize = 1",
            "MaxCrashes = 1",
            "MaxRefusals = 1",
            "MaxRequeues = 1",
            "MaxSweeps = 0",
            "Mutant = \"none\""));
  }

  private static void assertHolds(Tlc.Outcome outcome, long leastStates) {
    assertTrue(outcome.holds(), outcome.output());
    assertTrue(outcome.states() >= leastStates, outcome.output());
  }

  @Test
  void doorbell_anyTiming_losesNoWakeUp() throws Exception {
    assertHolds(doorbell(true).check(), 500);
  }

  @Test
  void lease_anyTiming_hasOneSender() throws Exception {
    assertHolds(lease().check(), 20_000);
  }

  @Test
  void windows_anyTiming_loseNothing() throws Exception {
    assertHolds(windows().check(), 50_000);
  }

  @Test
  @Tag("full")
  void doorbell_moreWritersAndCrashes_losesNoWakeUp() throws Exception {
    assertHolds(doorbell(true).check("Writers = {w1, w2, w3}", "MaxCrashes = 2"), 10_000);
    assertHolds(doorbell(false).check("Writers = {w1, w2, w3, w4, w5}", "MaxCrashes = 2"), 10_000);
  }

  @Test
  @Tag("full")
  void lease_threeRelaysAndMoreTime_hasOneSender() throws Exception {
    assertHolds(lease().check("Relays = {r1, r2, r3}", "MaxTime = 8", "MaxEpoch = 4"), 100_000);
  }

  @Test
  @Tag("full")
  void windows_fourRowsAndSweeps_loseNothing() throws Exception {
    assertHolds(windows().check("MaxSweeps = 1"), 200_000);
    assertHolds(windows().check("KeyOf <- FourRows", "MaxRequeues = 0"), 200_000);
  }

  @ParameterizedTest
  @CsvSource({
    "Doorbell, no read after the lock, NoLostWakeUp",
    "Lease, lease counted from the answer, SenderOwns",
    "Windows, tail forgets open transactions, NothingPassedOver",
    "Windows, deleted when it is sent, NothingLost"
  })
  void mutant_ofEachModel_isRefuted(String model, String mutant, String invariant)
      throws Exception {
    assertMutantRefuted(model, mutant, invariant);
  }

  @ParameterizedTest
  @Tag("full")
  @CsvSource({
    "Doorbell, writer does not ring, NoLostWakeUp",
    "Doorbell, lock given back before the commit, NoLostWakeUp",
    "Doorbell, sleeps although the try failed, NoLostWakeUp",
    "Lease, the server ends sessions early, SenderOwns",
    "Lease, lease not looked at, SenderOwns",
    "Lease, state changes are not fenced, OneChanger",
    "Windows, ids drawn ahead of the row locks, OrderByKey",
    "Windows, a known row that is shown again is passed over, NothingPassedOver",
    "Windows, two of a key in flight, OrderByKey",
    "Windows, rows deleted up to an id, NothingLost"
  })
  void furtherMutant_ofAModel_isRefuted(String model, String mutant, String invariant)
      throws Exception {
    assertMutantRefuted(model, mutant, invariant);
  }

  private static void assertMutantRefuted(String model, String mutant, String invariant)
      throws Exception {
    Tlc tlc =
        switch (model) {
          case "Doorbell" -> doorbell(false);
          case "Lease" -> lease();
          default -> windows();
        };
    assertRefuted(tlc.check("Mutant = \"" + mutant + "\""), invariant);
    assertListed(model, mutant, invariant);
  }

  @Test
  @Tag("full")
  void mutant_pageWithAFreshSnapshot_isRefuted() throws Exception {
    String mutant = "page with a fresh snapshot";
    assertRefuted(
        windows()
            .check(
                "KeyOf <- FourRows",
                "MaxCrashes = 0",
                "MaxRefusals = 0",
                "MaxRequeues = 0",
                "Mutant = \"" + mutant + "\""),
        "OrderByKey");
    assertListed("Windows", mutant, "OrderByKey");
  }

  @Test
  @Tag("full")
  void mutant_settledIdsForgotten_isRefuted() throws Exception {
    String mutant = "settled ids are forgotten at once";
    assertRefuted(
        windows()
            .check(
                "MaxCrashes = 0",
                "MaxRefusals = 0",
                "MaxRequeues = 0",
                "MaxSweeps = 1",
                "Mutant = \"" + mutant + "\""),
        "NothingSentTwice");
    assertListed("Windows", mutant, "NothingSentTwice");
  }

  private static void assertRefuted(Tlc.Outcome outcome, String invariant) {
    assertEquals(invariant, outcome.violated(), outcome.output());
  }

  private static void assertListed(String model, String mutant, String invariant)
      throws IOException {
    String row = "| " + model + " | " + mutant + " | `" + invariant + "` |";
    assertTrue(Files.readString(PAGE).contains(row), row);
  }

  /** The page names methods: each of them is one of the product's. */
  @Test
  void page_namesMethods_thatThereAre() throws Exception {
    Pattern method = Pattern.compile("`([A-Z]\\w+)\\.(\\w+)`");
    Matcher named = method.matcher(Files.readString(PAGE));
    int found = 0;
    while (named.find()) {
      found++;
      Path source = source(named.group(1));
      assertTrue(
          Files.readString(source).contains(" " + named.group(2) + "("),
          named.group() + " is not in " + source);
    }
    assertTrue(found > 15, found + " methods");
  }

  private static Path source(String type) throws IOException {
    try (var files = Files.walk(Path.of("src", "main", "java"))) {
      return files
          .filter(f -> f.endsWith(type + ".java"))
          .findFirst()
          .orElseThrow(() -> new AssertionError("no class " + type));
    }
  }
}
