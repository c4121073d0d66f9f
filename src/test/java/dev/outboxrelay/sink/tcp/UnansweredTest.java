package dev.outboxrelay.sink.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.outboxrelay.sink.Answer;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class UnansweredTest {

  private final Unanswered unanswered = new Unanswered();

  @Test
  void answer_toWhatWasNeverSent_isAnError() {
    unanswered.sent(1);
    assertThrows(ProtocolException.class, () -> answer(new Answer.Acked(2)));
    assertThrows(ProtocolException.class, () -> answer(new Answer.AckedUpTo(2)));
    assertThrows(ProtocolException.class, () -> answer(new Answer.Nacked(2, "no", true, null)));
    assertEquals(1, unanswered.count());
  }

  @Test
  void secondAnswer_toTheSameSending_isPassedOver() throws Exception {
    unanswered.sent(1);
    assertEquals(List.of(new Answer.Acked(1)), answer(new Answer.Acked(1)));
    assertEquals(List.of(), answer(new Answer.Acked(1)));
    assertEquals(List.of(), answer(new Answer.Nacked(1, "no", true, null)));
    assertEquals(List.of(), answer(new Answer.AckedUpTo(1)));
  }

  @Test
  void secondSending_ofTheSameMessage_waitsForOneAnswer() throws Exception {
    unanswered.sent(1);
    unanswered.sent(2);
    unanswered.sent(1);
    assertEquals(2, unanswered.count());
    assertEquals(
        List.of(new Answer.Acked(2), new Answer.Acked(1)), answer(new Answer.AckedUpTo(1)));
    assertEquals(0, unanswered.count());
  }

  @Test
  void messageThatIsNeverAnswered_costsNoMemoryForTheOthers() throws Exception {
    unanswered.sent(0);
    for (long id = 1; id < 3_000_000; id++) {
      unanswered.sent(id);
      assertEquals(1, answer(new Answer.Acked(id)).size());
    }
    assertEquals(1, unanswered.count());
    assertEquals(List.of(new Answer.Acked(0)), answer(new Answer.Acked(0)));
    assertThrows(ProtocolException.class, () -> answer(new Answer.Acked(5)));
  }

  @Test
  void anyOrderOfSendingsAndAnswers_isWhatASimpleListSays() throws Exception {
    Random random = new Random(3);
    LinkedHashSet<Long> model = new LinkedHashSet<>();
    for (int round = 0; round < 300_000; round++) {
      long id = random.nextInt(20_000);
      boolean sending = model.size() < 5_000 && random.nextInt(5) < 3;
      if (sending) {
        model.remove(id);
        model.add(id);
        unanswered.sent(id);
      } else if (model.contains(id) && random.nextInt(50) == 0) {
        List<Answer> expected = new ArrayList<>();
        for (long each : model) {
          expected.add(new Answer.Acked(each));
          if (each == id) {
            break;
          }
        }
        expected.forEach(each -> model.remove(each.id()));
        assertEquals(expected, answer(new Answer.AckedUpTo(id)));
      } else if (model.remove(id)) {
        Answer answer = new Answer.Nacked(id, "no", true, null);
        assertEquals(List.of(answer), answer(answer));
      }
      assertEquals(model.size(), unanswered.count());
    }
  }

  private List<Answer> answer(Answer answer) throws ProtocolException {
    List<Answer> out = new ArrayList<>();
    unanswered.answered(answer, out);
    return out;
  }
}
