// SPDX-License-Identifier: Apache-2.0
// The words of a verdict. verify compares them with what a bundle holds, so they belong to the
// schema version: changed words need a new kEvidenceSchemaVersion and the old ones kept for old
// bundles.
#include "report/evidence.h"

#include "report/number_text.h"

namespace patina::report {
namespace {

// The second primary test, which only keys with signs have.
const stats::NamedTest* signs_test(const stats::ScoreComparison& comparison) {
  const bool there = comparison.tests.size() > 1 && comparison.tests[1].primary;
  return there ? &comparison.tests[1] : nullptr;
}

struct Facts {
  std::string suspect_images;  ///< "30 suspect images".
  std::string benign_images;
  std::string p_value;
  std::string smallest_p;
  std::string alpha;
  std::string scores_p;  ///< Of the comparison of scores alone.
  std::string signs_p;   ///< Of the key's signs; empty for a key without.
};

Verdict evidence_found(const Facts& facts) {
  Verdict verdict;
  verdict.decision = Decision::kEvidence;
  verdict.headline = "Evidence found: the suspect images carry this coating.";
  verdict.explanation = "The coating scores of " + facts.suspect_images +
                        " were compared with those of " + facts.benign_images +
                        " and are smaller, that is, more like coated images. If both came from the "
                        "same distribution, a "
                        "difference this large would arise by chance with probability p = " +
                        facts.p_value + ", below the limit alpha = " + facts.alpha +
                        " of this audit. This speaks of the images examined; who put the coating "
                        "there and whether it was "
                        "allowed are other questions.";
  return verdict;
}

Verdict no_evidence(const Facts& facts) {
  Verdict verdict;
  verdict.decision = Decision::kNoEvidence;
  verdict.headline =
      "No evidence found: the suspect images were not told apart from the benign ones.";
  verdict.explanation =
      "The coating scores of " + facts.suspect_images + " were compared with those of " +
      facts.benign_images +
      ". If both came from the same distribution, a difference like the one seen would arise by "
      "chance "
      "with probability p = " +
      facts.p_value + ", which does not fall below the limit alpha = " + facts.alpha +
      " of this audit, although these numbers of images could have reached it. This does not show "
      "that "
      "the coated images were not used: a weak or washed-out signal can be missed.";
  return verdict;
}

Verdict evidence_found_with_signs(const Facts& facts) {
  Verdict verdict = evidence_found(facts);
  verdict.explanation =
      "The coating scores of " + facts.suspect_images + " were compared with those of " +
      facts.benign_images +
      " and are smaller, that is, more like coated images (p = " + facts.scores_p +
      "). And the suspect images follow the signs of this key, which were drawn at random: of all "
      "keys, a share of " +
      facts.signs_p + " fits them as well. Both lie below the limit alpha = " + facts.alpha +
      " of this audit. This speaks of the images examined; who put the coating there and whether "
      "it "
      "was allowed are other questions.";
  return verdict;
}

Verdict another_pattern(const Facts& facts) {
  Verdict verdict;
  verdict.decision = Decision::kNoEvidence;
  verdict.headline =
      "No evidence found: the suspect images differ from the benign ones, but do not follow this "
      "key.";
  verdict.explanation =
      "The coating scores of " + facts.suspect_images + " are smaller than those of " +
      facts.benign_images + " (p = " + facts.scores_p +
      "). But of all keys that could have been drawn, a share of " + facts.signs_p +
      " fits the suspect images as well as this one, which does not fall below the limit alpha = " +
      facts.alpha +
      " of this audit. The difference can come from another owner's coating or from any other "
      "pattern that the suspect images share.";
  return verdict;
}

Verdict no_evidence_with_signs(const Facts& facts) {
  Facts of_scores = facts;
  of_scores.p_value = facts.scores_p;
  Verdict verdict = no_evidence(of_scores);
  verdict.explanation += " Of all keys that could have been drawn, a share of " + facts.signs_p +
                         " fits the suspect images as well as this one.";
  return verdict;
}

Verdict inconclusive(const Facts& facts) {
  Verdict verdict;
  verdict.decision = Decision::kInconclusive;
  verdict.headline = "Inconclusive: " + facts.suspect_images + " and " + facts.benign_images +
                     " are too few to reach alpha = " + facts.alpha + ".";
  verdict.explanation = "The smallest possible p-value at these numbers is " + facts.smallest_p +
                        ", so this audit could not have found evidence however strong the signal, "
                        "and finding none says "
                        "nothing. The p-value was " +
                        facts.p_value + ". Collect more images and repeat the audit.";
  return verdict;
}

}  // namespace

const char* to_string(Decision decision) {
  switch (decision) {
    case Decision::kEvidence:
      return "evidence";
    case Decision::kNoEvidence:
      return "no-evidence";
    case Decision::kInconclusive:
      return "inconclusive";
  }
  return "unknown";
}

Verdict make_verdict(const stats::ScoreComparison& comparison,
                     const stats::ComparisonOptions& options,
                     std::int64_t suspect_count,
                     std::int64_t benign_count) {
  const stats::NamedTest& deciding = stats::deciding_test(comparison);
  const stats::NamedTest& scores = comparison.tests.front();
  const stats::NamedTest* signs = signs_test(comparison);
  Facts facts;
  facts.suspect_images = counted_text(suspect_count, "suspect image");
  facts.benign_images = counted_text(benign_count, "benign image");
  facts.p_value = p_value_text(deciding.p_value, deciding.log10_p_value);
  facts.scores_p = p_value_text(scores.p_value, scores.log10_p_value);
  if (signs != nullptr) facts.signs_p = p_value_text(signs->p_value, signs->log10_p_value);
  facts.smallest_p = p_value_text(comparison.smallest_possible_p, -300.0);
  facts.alpha = p_value_text(options.alpha, -300.0);
  if (comparison.rejected) {
    return signs == nullptr ? evidence_found(facts) : evidence_found_with_signs(facts);
  }
  // A test rejects when p < alpha, so a smallest p equal to alpha cannot reject either.
  if (comparison.smallest_possible_p >= options.alpha) return inconclusive(facts);
  if (signs == nullptr) return no_evidence(facts);
  return scores.rejected ? another_pattern(facts) : no_evidence_with_signs(facts);
}

std::string null_hypothesis_text(bool key_signs) {
  if (key_signs) {
    return "The coating scores of the suspect images and of the benign images are independent "
           "draws "
           "from the same distribution, or the signs of the key were drawn without regard to the "
           "suspect images. Evidence is reported only if both are rejected.";
  }
  return "The coating scores of the suspect images and of the benign images are independent draws "
         "from "
         "the same distribution.";
}

std::vector<std::string> standing_limits(bool key_signs) {
  std::vector<std::string> limits = {
      "The test compares the suspect images with these benign images and no others. A small "
      "p-value says "
      "that the two sets differ in the direction of the coating; it does not say why they differ.",
      "The benign images must be comparable with the suspect images in kind, subject, size and "
      "compression, and known not to come from a model that used the coated images. Otherwise any "
      "other "
      "difference between the sets can make p small.",
      "alpha is the rate of false alarms for independent scores. Images that share prompts, seeds "
      "or a "
      "source are not independent, every model has its own habits, and repeated audits with other "
      "images "
      "or other benign sets are further chances of a false alarm; then the true rate is higher "
      "than "
      "alpha.",
      "The scores belong to the images examined, not to a model. Whether a given model made these "
      "images "
      "has to be shown by how they were collected.",
      "Images handed in by the accusing side can be forged or coated afterwards. Images collected "
      "by a "
      "neutral party, with a record of requests and answers, carry more weight.",
      "A small p-value does not say who copied the coated images, through which steps the coating "
      "came "
      "into the suspect images, or that a licence was missing. These are questions of fact and "
      "law.",
      "Finding no evidence does not show that the coated images were not used: a small share of "
      "coated "
      "images in training, filtering, compression or resizing can weaken the signal below "
      "detection.",
      "No number in this report is the share of images that were copied, nor the probability that "
      "copying took place.",
  };
  if (key_signs) {
    limits.emplace_back(
        "The test of the key's signs holds for any suspect, however its images depend on each "
        "other, "
        "as long as the key was drawn at random, once, and kept secret. Whoever knows the key, or "
        "tries many keys on the same images, can make its p-value small: a published commitment "
        "older "
        "than the images speaks against both.");
  }
  return limits;
}

}  // namespace patina::report
