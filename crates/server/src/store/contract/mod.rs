//! What every store does, whatever it keeps its rows in.
//!
//! `store_contract!(name, make)` makes a module of tests, where `make()` gives a [`Bed`] to open stores in. A bed whose
//! stores find again what the one before them kept takes `reopening_contract!` too. A file for each subject; [`model`] is
//! the one that tries anything; [`make`] has what they share.

mod dictionaries;
mod hidden;
mod log;
mod make;
mod model;
mod pages;
mod polls;
mod prune;
mod reopen;
mod rooms;
mod state;

use chatroom_wire::{Kind, Time, rest::MessagesQuery};
use jiff::Timestamp;

use super::{
    Appended, Audience, Bar, Change, DictionaryStore, History, NewMessage, NewRoom, Position, Store, StoreError,
    StoredMessage,
};

pub(crate) use {
    dictionaries::*, hidden::*, log::*, make::*, model::*, pages::*, polls::*, prune::*, reopen::*, rooms::*, state::*,
};

/// Where the stores of one test live.
pub(crate) trait Bed {
    /// The kind of store.
    type Store: Store + DictionaryStore;

    /// Opens a store here.
    fn open(&self) -> impl Future<Output = Self::Store>;
}

macro_rules! contract {
    ($macro:ident: $($test:ident),+ $(,)?) => {
        macro_rules! $macro {
            ($name:ident, $make:expr) => {
                mod $name {
                    use super::*;
                    $(
                        #[tokio::test]
                        async fn $test() {
                            $crate::store::contract::$test(&$make()).await;
                        }
                    )+
                }
            };
        }
    };
}

contract! { store_contract:
    a_room_reads_back_as_it_was_made,
    a_room_is_shown_with_all_that_clients_insist_on,
    a_room_is_made_only_once,
    the_first_room_is_the_oldest,
    a_room_that_is_not_there_is_told,
    an_empty_log_has_no_end_and_no_messages,
    messages_come_back_as_they_were_sent_and_in_their_order,
    numbers_have_no_holes_and_each_room_has_its_own,
    a_message_sent_again_is_stored_once_and_takes_no_number,
    an_id_of_another_user_is_taken_and_takes_no_number,
    the_same_id_in_another_room_is_another_message,
    an_append_is_stored_whole_or_not_at_all,
    a_stamp_that_does_not_grow_is_refused,
    a_time_that_cannot_be_kept_is_refused,
    every_page_is_what_a_plain_list_would_give,
    a_page_holds_at_most_a_hundred_whatever_is_asked,
    paging_back_meets_each_message_once_while_new_ones_arrive,
    paging_forward_meets_each_message_once_while_new_ones_arrive,
    many_appenders_at_once_lose_nothing_and_leave_no_hole,
    what_is_answered_is_seen_by_every_reader,
    pruning_by_count_keeps_the_newest,
    pruning_by_age_keeps_what_is_young,
    pruning_leaves_the_end_of_the_log_where_it_is,
    pruning_without_limits_removes_nothing,
    a_room_is_overdue_while_something_is_to_be_pruned,
    who_is_barred_is_listed_until_that_is_taken_back,
    pruning_removes_what_nobody_sees_too_and_leaves_what_is_pinned,
    a_change_is_made_with_its_message_and_once,
    a_change_of_a_message_that_is_not_stored_is_not_made,
    a_block_and_a_pin_stand_once_and_in_their_order,
    what_is_deleted_is_in_no_page_and_its_id_stays_taken,
    what_is_for_its_author_alone_is_in_no_page_of_others,
    a_page_is_full_however_much_of_the_log_is_hidden,
    what_is_hidden_and_deleted_is_gone_for_its_author_too,
    every_reader_pages_through_all_that_they_see_and_no_more,
    a_counter_counts_what_it_knows_and_stops_at_the_end,
    a_name_is_the_last_one_taken,
    the_newest_names_of_moderators_are_kept,
    packs_and_dictionaries_are_what_was_said_last,
    any_changes_leave_what_a_plain_model_has,
    changes_of_what_is_not_there_do_nothing,
    a_room_moves_with_its_state_and_not_with_its_counts,
    a_poll_keeps_its_counts_through_its_life,
    a_later_vote_takes_the_place_of_an_earlier_one,
    polls_are_paged_the_newest_first,
    a_poll_that_goes_takes_its_votes_along,
    a_vote_for_what_is_not_to_choose_counts_nothing,
    a_poll_moves_its_room_when_its_status_does,
    dictionaries_live_and_are_paged_the_oldest_first,
    a_dictionary_made_again_stays_as_it_was,
    a_pattern_is_there_once_and_keeps_its_id,
    a_text_whose_id_is_taken_is_not_added,
    dictionaries_do_not_share_their_patterns,
    all_patterns_are_replaced_at_once,
    ten_thousand_patterns_are_paged_through,
    a_dictionary_that_goes_leaves_every_room,
}

contract! { reopening_contract:
    all_is_there_after_reopening,
    a_log_goes_on_in_sequence_after_reopening,
    a_message_sent_again_after_reopening_is_a_duplicate,
    the_state_of_a_room_is_there_after_reopening,
    the_words_of_the_filter_are_there_after_reopening,
}
